# Everything a newcomer or CI types. Each target installs what it needs; a second run installs nothing.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo up-cluster test test-all check fix lock docs system system-tests clean

demo: .venv/runtime system  ## mill the sample documents and show what became of them
	$(BIN)/docmill demo

up-cluster: .venv/runtime system-tests  ## PostgreSQL, Prefect, Dask with two workers and the gateway, as processes of this machine
	DOCMILL_HOME="$${DOCMILL_HOME:-.docmill-cluster}" $(BIN)/python deployments/up_cluster.py

test: .venv/dev system-tests  ## the quick test suite, two files at a time, those that start many processes first
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

test-all: .venv/dev system-tests  ## with the long versions
	$(BIN)/python -m pytest

check: .venv/dev  ## reads only: format, lint, types, imports, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python deployments/check_sizes.py

fix: .venv/dev  ## writes what the tools can mend by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev  ## writes the pages that are generated from code
	$(BIN)/python deployments/write_docs.py

lock: .venv/dev  ## writes the lock files anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

system:
	@deployments/install_system.sh

system-tests:
	@deployments/install_system.sh tests

.venv/runtime: requirements.lock pyproject.toml | system
	$(PYTHON) -m venv .venv
	deployments/install_locked.sh requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q docmill blocks flows tasks
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	deployments/install_locked.sh requirements-dev.lock
	@touch $@

clean:
	rm -rf .venv .docmill .docmill-cluster demo-output dist .mypy_cache .ruff_cache .pytest_cache
