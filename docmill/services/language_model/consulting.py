"""Asking for a document's open fields: question in the cell, request here, answers in the cell. For runs as for single files.

The key and the network are outside the cell, the document's words are judged inside it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from docmill.errors import EngineMissing, StageFailed
from docmill.services.language_model.client import Prompt, ask_model
from docmill.settings import settings
from docmill.stages.understanding.asking.question import Question
from docmill.stages.understanding.asking.verbs import read_answers
from docmill.values.language_model import ModelSpec, ModelUse

Call = Callable[..., Mapping[str, object]]
"""Runs a verb in a cell."""
Note = Callable[[ModelUse], None]
"""Is told what asking took, whether it was of use or not."""

_VERBS = "docmill.stages.understanding.asking.verbs"


@dataclass(frozen=True, slots=True)
class Papers:
    """Files of one document: what the rules say, its pages as read, its pages as they may be sent (JSON arrays of Page), and a folder to write to."""

    understanding: str
    pages: str
    shown: str
    folder: Path


def required_model(spec: ModelSpec | None) -> ModelSpec:
    """The model that is set.

    Raises:
        EngineMissing: none is.
    """
    if spec is None:
        raise EngineMissing("no language model is set: OPENAI_MODEL names one, OPENAI_BASE_URL says where it is")
    return spec


def model_key() -> str | None:
    """The key of this process for the language model's endpoint; None without one."""
    secret = settings().openai_api_key
    return secret.get_secret_value() if secret else None


def consult(call: Call, spec: ModelSpec, papers: Papers, out: Path, *, is_masked: bool, note: Note = lambda _: None) -> Mapping[str, int]:
    """Write the understanding of rules and model together to `out`; nothing is asked or written where nothing is open.

    Returns:
        {"asked": how many fields were asked for} and, where it is not 0, {"answered", "fields", "line_items", "doubts"}.

    Raises:
        StageFailed: not a line fits into the limit of tokens, or the model's answers are none.
        TooLarge, ServiceUnavailable, SettingsInvalid: as `ask_model`.
    """
    asked_for, written = papers.folder / "question.json", papers.folder / "answers.json"
    made = call(f"{_VERBS}:make_question", papers.shown, papers.understanding, spec.input_tokens, str(asked_for))
    if not made["open"]:
        return {"asked": 0}
    if not made["asked"]:
        raise StageFailed("not a line of the document fits into DOCMILL_MODEL_INPUT_TOKENS; the language model was not asked")
    question = Question.model_validate_json(asked_for.read_bytes())
    prompt = Prompt("fields", question.instructions, question.data, question.answer_schema)
    answers, use = ask_model(spec, model_key(), prompt, read_answers, note=note)
    written.write_text(answers.model_dump_json(), encoding="utf-8")
    files = {
        "understanding": papers.understanding,
        "pages": papers.pages,
        "shown": papers.shown,
        "question": str(asked_for),
        "answers": str(written),
    }
    took = json.loads(use.model_copy(update={"masked": is_masked}).model_dump_json())
    told = call(f"{_VERBS}:take_answers", files, took, str(out))
    return {"asked": len(question.asked), **{name: int(str(count)) for name, count in told.items()}}
