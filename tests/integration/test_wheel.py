"""The wheel holds all four packages with their data, and works from a folder that is not the checkout."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = (
    "docmill/py.typed",
    "docmill/cli/prefect.yaml",
    "docmill/values/schemas/results.schema.json",
    "docmill/stages/validation/suite.json",
    "docmill/stages/understanding/weights/kinds.json",
    "docmill/stages/knowledge/vocabulary/vocab.txt",
    "docmill/storage/ledger/migrations/versions/0001_first.py",
    "docmill/storage/ledger/migrations/tables_of_0001/work.py",
    "docmill/gateway/web/app.js",
    "docmill/gateway/web/client.mjs",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return next(folder.glob("docmill-*.whl"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """A Python of an empty environment with the wheel in it; the dependencies come from the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    made = folder / "bin" / "python"
    subprocess.run([made, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    packages = next((folder / "lib").glob("python*/site-packages"))
    # appended behind the wheel, and as a plain path: the .pth files in there, which would lead back to the checkout, are not read
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return made


def run(python, *words, cwd):
    return subprocess.run([python, *words], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_the_wheel_holds_the_packages_and_their_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names if not name.startswith("docmill-")} == {"docmill", "blocks", "tasks", "flows"}
    assert not [name for name in DATA if name not in names]
    assert not [name for name in names if name.startswith("tests") or name.endswith(".pyc")]


def test_all_four_import_outside_the_checkout(python, tmp_path):
    code = "import docmill, blocks, tasks, flows.ingest_documents; print(*(m.__file__ for m in (docmill, blocks, tasks, flows)), sep='\\n')"
    done = run(python, "-I", "-c", code, cwd=tmp_path)  # a PYTHONPATH of whoever runs the tests would lead back to the checkout
    assert done.returncode == 0, done.stderr
    environment = python.parents[1]
    assert [Path(line).is_relative_to(environment) for line in done.stdout.split()] == [True] * 4


def test_the_command_works_from_the_wheel(python, tmp_path):
    (tmp_path / "note.txt").write_text("Nothing but a note\n")
    command = python.with_name("docmill")
    assert run(command, "--version", cwd=tmp_path).stdout.strip()
    done = run(command, "read", "note.txt", cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "Nothing but a note")
