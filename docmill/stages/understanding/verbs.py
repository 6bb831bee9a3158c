"""The verb of this stage as the cell calls it: files in, a file and a few facts out. No rules live here."""

import json
from pathlib import Path

from docmill.errors import DocmillError, StageFailed
from docmill.stages.understanding.document import pages_looked_at, understand_pages
from docmill.stages.understanding.einvoice.joining import Attached
from docmill.stages.understanding.einvoice.reader import read_einvoice
from docmill.stages.understanding.einvoice.source import BARE, einvoice_bytes
from docmill.stages.understanding.kind_features import features_of
from docmill.stages.understanding.kind_model import kind_model
from docmill.stages.understanding.kinds import evidence_of, worth_of
from docmill.stages.understanding.ranking.learning import rank_lessons
from docmill.stages.understanding.ranking.ranker import NO_RANKER, ranker_in
from docmill.values.pages_file import PageFiles


def understand(
    page_paths: list[str],
    kind: str,
    out_path: str,
    original_path: str | None = None,
    einvoice: str | None = None,
    model_path: str | None = None,
    ranker_path: str | None = None,
) -> dict[str, str | int]:
    """Find kind and fields of one document and write them to `out_path` as Understanding JSON.

    Args:
        page_paths: Page JSON files in page order; of a long document only the first and last few are opened.
        kind: the kind asked for, or `auto`.
        out_path: where the Understanding JSON goes.
        original_path: the document itself; only read when it carries an e-invoice.
        einvoice: the name of the embedded XML, `bare` when the document is XML itself, None without one, as inspection said.
        model_path: a model of kinds that learned from decisions, None for the one that comes with docmill.
        ranker_path: a ranker of candidates, None where the rules decide.

    Returns:
        {"kind": name, "fields": how many were found, "line_items", "doubts": how many}.

    Raises:
        InvalidOptions: `kind` is unknown.
        StageFailed: a page file is missing or isn't a page; a model is none.
    """
    pages = list(PageFiles(page_paths[index] for index in pages_looked_at(len(page_paths))))
    attached = _attached(Path(original_path), einvoice) if original_path and einvoice else None
    model, ranker = kind_model(Path(model_path)) if model_path else None, ranker_in(Path(ranker_path)) if ranker_path else NO_RANKER
    found = understand_pages(pages, kind, attached, model, ranker)
    Path(out_path).write_text(found.model_dump_json(), encoding="utf-8")
    return {"kind": found.kind.name, "fields": len(found.fields), "line_items": len(found.line_items), "doubts": len(found.problems)}


def kind_lessons(page_paths: list[list[str]], out_path: str) -> dict[str, int]:
    """What the model of kinds looks at in documents, a JSON list of {"features", "worth"} in their order; None for one without words.

    Args:
        page_paths: Page JSON files of each document, in page order, those of `pages_looked_at`.
        out_path: where the list goes.

    Returns:
        {"documents": how many}.

    Raises:
        StageFailed: a page file is missing or isn't a page.
    """
    found: list[dict[str, dict[str, float]] | None] = []
    for paths in page_paths:
        pages = [page for page in PageFiles(paths) if page.words]
        worth = worth_of(evidence_of(pages)) if pages else {}
        found.append({"features": features_of(pages[0], worth), "worth": worth} if pages else None)
    Path(out_path).write_text(json.dumps(found), encoding="utf-8")
    return {"documents": len(found)}


def ranker_lessons(page_paths: list[list[str]], kinds: list[str], truths_path: str, out_path: str) -> dict[str, int]:
    """What a ranker learns from documents: a JSON list with the lessons of each, in their order.

    Args:
        page_paths: Page JSON files of each document, in page order, those of `pages_looked_at`.
        kinds: what each document is.
        truths_path: a JSON list with {field: value, or null where the document has none} of each, as far as known.
        out_path: where the list goes.

    Returns:
        {"documents": how many}.

    Raises:
        StageFailed: a page file is missing or isn't a page.
    """
    truths = json.loads(Path(truths_path).read_bytes())
    found = [
        [one.model_dump() for one in rank_lessons(list(PageFiles(paths)), kind, known)]
        for paths, kind, known in zip(page_paths, kinds, truths, strict=True)
    ]
    Path(out_path).write_text(json.dumps(found), encoding="utf-8")
    return {"documents": len(found)}


def _attached(path: Path, einvoice: str) -> Attached:
    """The e-invoice, or why it cannot be used: a broken one is a doubt about the document and no reason to stop reading the page."""
    is_bare = einvoice == BARE
    try:
        return Attached(read_einvoice(einvoice_bytes(path, einvoice)), is_bare=is_bare)
    except OSError as error:
        raise StageFailed("the document cannot be opened", reason=type(error).__name__) from None
    except DocmillError as error:
        return Attached(None, is_bare=is_bare, refusal=error.message)
