"""Asking for the open fields of one file at hand, without ledger and store: what `docmill extract --ask-model` does after the rules."""

from collections.abc import Sequence
from pathlib import Path

from docmill.cell import Cell, JsonArgument
from docmill.services.language_model.consulting import Call, Papers, consult, required_model
from docmill.services.pii_rules import rules_of
from docmill.settings import Settings
from docmill.values.options import MillOptions
from docmill.values.page import Page
from docmill.values.pages_file import write_pages


def consult_about_file(cell: Cell, settings: Settings, options: MillOptions, pages: Sequence[Page], understanding: Path) -> bool:
    """Put what rules and model say together in the place of what the rules say; personal data is masked as in a run.

    Args:
        cell: where the document's words are judged.
        settings: name the model and its limits.
        options: language of the pages, and the types of personal data.
        pages: as read.
        understanding: the rules' Understanding JSON, in a folder of its own that is written to.

    Returns:
        Whether the model was asked.

    Raises:
        EngineMissing: no model is set.
        DocmillError: the model gave no answer, or personal data cannot be searched.
    """
    spec, folder = required_model(settings.language_model), understanding.parent

    def call(verb: str, *args: JsonArgument) -> dict[str, object]:
        reply = cell.call(verb, *args, deadline_s=settings.document_deadline_s)
        return dict(reply) if isinstance(reply, dict) else {}

    whole = folder / "pages.json"
    write_pages(whole, pages)
    is_masked = spec.masks(redact=options.redact)
    shown = _masked(call, settings, options, pages, folder) if is_masked else whole
    papers = Papers(str(understanding), str(whole), str(shown), folder)
    return bool(consult(call, spec, papers, understanding, is_masked=is_masked)["asked"])


def _masked(call: Call, settings: Settings, options: MillOptions, pages: Sequence[Page], folder: Path) -> Path:
    paths = []
    for page in pages:
        paths.append(str(folder / f"as-read-{page.number}.json"))
        Path(paths[-1]).write_text(page.model_dump_json(), encoding="utf-8")
    spans, out, own = str(folder / "spans.json"), folder / "masked.json", rules_of(settings)
    rules = "" if own.is_empty else str(folder / "rules.json")
    if rules:
        Path(rules).write_text(own.model_dump_json(), encoding="utf-8")
    call("docmill.stages.privacy.verbs:find_pii", paths, options.language, list(options.entities), spans, rules)
    call("docmill.stages.privacy.verbs:mask", str(folder / "pages.json"), spans, str(out))
    return out
