"""Writes docs/errors.md from the table in docmill.errors. `--check` only looks and exits 1 when the page is not current."""

import inspect
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docmill.error_table import ErrorKind  # noqa: E402 - the checkout's own docmill, installed or not
from docmill.errors import DocmillError, error_classes  # noqa: E402 - the checkout's own docmill, installed or not

PAGE = ROOT / "docs" / "errors.md"

HEAD = """\
# Errors

This page is written by `python deployments/write_error_docs.py` from the table in `docmill/error_table.py`; change it there.

Every error that docmill raises on purpose has a code. The code decides the command line's exit code, the HTTP status of the gateway's
`application/problem+json`, and whether a task tries again by itself. A *verdict* is kept beside the artefacts: the same bytes would fail
the same way, so they are not tried again without `--force`. Messages carry numbers, ids and limits, never words of a document, file names
or secrets. Exit codes 1 and 2 are the interpreter's and the usage error's.
"""


def page() -> str:
    """The whole page: one section for each family of errors, one row for each code."""
    classes = error_classes().values()
    families = sorted({cls.__bases__[0] for cls in classes}, key=lambda family: _first_exit_code(family, list(classes)))
    return "\n".join([HEAD, *(_section(family, [cls for cls in classes if cls.__bases__[0] is family]) for family in families)])


def _first_exit_code(family: type[DocmillError], classes: list[type[DocmillError]]) -> int:
    return min(_kind(cls).exit_code for cls in classes if cls.__bases__[0] is family)


def _kind(cls: type[DocmillError]) -> ErrorKind:
    return cls().kind


def _section(family: type[DocmillError], classes: list[type[DocmillError]]) -> str:
    lines = [
        f"## {family.__name__}",
        "",
        inspect.cleandoc(family.__doc__ or ""),
        "",
        "| code | exit | HTTP | tries again | verdict | what is wrong | what to do |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(kind) for kind in sorted(map(_kind, classes), key=lambda kind: kind.exit_code)), ""])


def _row(kind: ErrorKind) -> str:
    cells = (f"`{kind.code}`", kind.exit_code, kind.http_status, _word(kind.retryable), _word(kind.is_verdict), kind.title, kind.hint)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _word(is_so: object) -> str:
    return "yes" if is_so else "no"


def main() -> int:
    """Write the page, or with `--check` compare it. Returns the exit code."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    is_current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
    if not is_current:
        print("docs/errors.md is not current: python deployments/write_error_docs.py")
    return 0 if is_current else 1


if __name__ == "__main__":
    sys.exit(main())
