"""The verb of this stage as the cell calls it: files in, a file and a few facts out. No rules live here."""

from pathlib import Path

from pydantic import ValidationError

from docmill.errors import StageFailed
from docmill.stages.understanding.document import pages_looked_at, understand_pages
from docmill.values.page import Page


def understand(page_paths: list[str], kind: str, out_path: str) -> dict[str, str | int]:
    """Find kind and fields of one document and write them to `out_path` as Understanding JSON.

    Args:
        page_paths: Page JSON files in page order; of a long document only the first and last few are opened.
        kind: the kind asked for, or `auto`.
        out_path: where the Understanding JSON goes.

    Returns:
        {"kind": name, "fields": how many were found}.

    Raises:
        InvalidOptions: `kind` is unknown.
        StageFailed: a page file is missing or isn't a page.
    """
    found = understand_pages([_page(page_paths[index]) for index in pages_looked_at(len(page_paths))], kind)
    Path(out_path).write_text(found.model_dump_json(), encoding="utf-8")
    return {"kind": found.kind.name, "fields": len(found.fields)}


def _page(path: str) -> Page:
    try:
        return Page.model_validate_json(Path(path).read_bytes())
    except (OSError, ValidationError) as error:
        raise StageFailed("a page file is missing or is not a page", reason=type(error).__name__) from None
