"""The verbs of asking as the cell calls them: the question is made and the answers are taken in here; who asks is outside, where the network is."""

import json
from pathlib import Path

from pydantic import ValidationError

from docmill.errors import StageFailed
from docmill.stages.understanding.asking.joining import joined_with
from docmill.stages.understanding.asking.open_fields import open_fields
from docmill.stages.understanding.asking.question import Answers, Question, question_for
from docmill.stages.understanding.document import pages_looked_at
from docmill.values.evidence import Understanding
from docmill.values.language_model import ModelUse
from docmill.values.page import Page
from docmill.values.pages_file import read_pages


def make_question(pages_path: str, understanding_path: str, most_tokens: int, out_path: str) -> dict[str, int]:
    """Write the Question JSON for what is open in a document.

    Args:
        pages_path: the pages that may be sent, a JSON array in page order; of a long document only the first and last few are used.
        understanding_path: what the rules say.
        most_tokens: of the whole request, estimated.
        out_path: where the question goes; nothing is written where there is none.

    Returns:
        {"open": how many fields are open, "asked": how many are asked for: none where the document is too long for the limit}.

    Raises:
        StageFailed: a file cannot be read.
    """
    found = _understanding(understanding_path)
    asked = open_fields(found)
    pages = _pages(pages_path)
    looked_at = [pages[index] for index in pages_looked_at(len(pages)) if pages[index].words]
    made = question_for(looked_at, asked, kind=found.kind.name, most_tokens=most_tokens) if asked else None
    if made is None:
        return {"open": len(asked), "asked": 0}
    Path(out_path).write_text(made.model_dump_json(), encoding="utf-8")
    return {"open": len(asked), "asked": len(asked)}


def take_answers(paths: dict[str, str], use: dict[str, object], out_path: str) -> dict[str, str | int]:
    """Write the Understanding JSON of rules and answers together.

    Args:
        paths: {"understanding", "question", "answers", "pages": as read, "shown": as sent}.
        use: what asking took, as ModelUse JSON.
        out_path: where the understanding goes.

    Returns:
        {"fields", "line_items", "doubts", "answered"}: how many.

    Raises:
        StageFailed: a file cannot be read, or the answers are not of their schema.
    """
    found, question = _understanding(paths["understanding"]), Question.model_validate_json(Path(paths["question"]).read_bytes())
    shown = {page.number: page for page in _pages(paths["shown"])}
    answers = read_answers(Path(paths["answers"]).read_bytes())
    joined = joined_with(found, answers.answers, asked=question.asked, pages=_pages(paths["pages"]), shown=shown)
    took = ModelUse.model_validate_json(json.dumps(use)).model_copy(update={"asked": question.asked, "answered": joined.answered})
    made = joined.understanding.model_copy(update={"model_use": took})
    Path(out_path).write_text(made.model_dump_json(), encoding="utf-8")
    return {"fields": len(made.fields), "line_items": len(made.line_items), "doubts": len(made.problems), "answered": joined.answered}


def read_answers(data: bytes) -> Answers:
    """Answers from what a model wrote.

    Raises:
        StageFailed: they do not follow the schema; the message says nothing of what they hold.
    """
    try:
        return Answers.model_validate_json(data)
    except ValidationError:
        raise StageFailed("the language model's answer does not follow the schema") from None


def _understanding(path: str) -> Understanding:
    try:
        return Understanding.model_validate_json(Path(path).read_bytes())
    except (OSError, ValidationError) as error:
        raise StageFailed("a file of the understanding cannot be read", reason=type(error).__name__) from None


def _pages(path: str) -> list[Page]:
    return read_pages(Path(path).read_bytes())
