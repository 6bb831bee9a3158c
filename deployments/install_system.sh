#!/usr/bin/env bash
# Installs the Debian packages docmill needs, only those that are missing. `tests` as first argument adds what the tests need.
set -euo pipefail

missing=()
command -v tesseract >/dev/null || missing+=(tesseract-ocr)
command -v pdftoppm >/dev/null || missing+=(poppler-utils)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ "${1:-}" = tests ]; then
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
    command -v espeak-ng >/dev/null || missing+=(espeak-ng) # the optional spoken version of a document
    command -v chromium >/dev/null || missing+=(chromium) # pages in a real browser: 64 MB to fetch, about 40 s
fi
[ ${#missing[@]} -eq 0 ] && exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "missing packages: ${missing[*]}; install them as root: apt-get install ${missing[*]}" >&2; exit 1; }
    run=(sudo)
fi
echo "installing ${missing[*]}"
"${run[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
