#!/usr/bin/env bash
# Installs a lock file into .venv: two installers at a time, because one keeps a core busy unpacking and leaves the other idle. The lock names
# everything and --no-deps resolves nothing, so halves of it do not know of one another; bytecode is written afterwards, by all cores.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
halves=$(mktemp -d)
trap 'rm -rf "$halves"' EXIT
split -n r/2 <(grep -v '^ *#' "$lock") "$halves/"
for half in "$halves"/*; do
    .venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-compile -r "$half" &
    running+=($!)
done
failed=0
for one in "${running[@]}"; do wait "$one" || failed=1; done
[ "$failed" -eq 0 ] || exit 1
.venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null || true
