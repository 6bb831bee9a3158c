"""`answer_question`: passages are found, a language model writes sentences from them, and what the passages do not bear out is left out."""

import json
import time
from collections.abc import Sequence
from typing import Final

from docmill.cell import Cell, CellLimits
from docmill.errors import InvalidOptions
from docmill.scratch import scratch_folder
from docmill.services.answering.question import Sentences, prompt_for, read_sentences
from docmill.services.answering.support import is_borne_out, standing_citations
from docmill.services.language_model.client import ask_model
from docmill.services.language_model.consulting import model_key, required_model
from docmill.services.running.room import Room
from docmill.services.search import Passage, search_documents
from docmill.settings import Settings
from docmill.storage.knowledge.ports import Filters, Query
from docmill.values.language_model import ModelSpec, ModelUse
from docmill.values.model import Value
from docmill.values.options import DEFAULT_ENTITIES

MOST_LETTERS: Final = 1000
MOST_PASSAGES: Final = 50

NOTHING_FOUND: Final = "no passage was found"
NOT_SAID: Final = "the passages do not answer the question"
NOT_BORNE_OUT: Final = "the language model's answer is not borne out by the passages"


class AnsweredSentence(Value):
    """One sentence, and the numbers of the passages that bear it out, counted from 1; never empty."""

    text: str
    passages: tuple[int, ...]


class Answer(Value):
    """An answer from documents.

    Attributes:
        sentences: each borne out by passages; empty when refused.
        refused: why there is no answer; None when there is one.
        left_out: how many sentences of the model were not borne out.
        passages: what was found, best first; sentences name them by their place, counted from 1.
        model_use: what asking took; None when no model was asked.
        took_ms: search and model together.
    """

    sentences: tuple[AnsweredSentence, ...] = ()
    refused: str | None = None
    left_out: int = 0
    passages: tuple[Passage, ...] = ()
    model_use: ModelUse | None = None
    took_ms: float = 0.0


def answer_question(room: Room, question: str, *, limit: int = 8, filters: Filters | None = None, user: str = "local") -> Answer:
    """Answer a question from the tenant's documents. Without a passage that bears an answer out, it is refused.

    Args:
        room: the opened parts.
        question: goes to the language model as it is.
        limit: passages to look at.
        filters: narrow the search.
        user: who asks; only a digest of it is logged.

    Raises:
        InvalidOptions: the question is blank or too long, or limit or filters cannot be used.
        EngineMissing: no language model is set, or what finds passages or personal data is not installed.
        DocmillError: search or language model did not answer.
    """
    began, spec = time.perf_counter(), required_model(room.settings.language_model)
    if not question.strip() or len(question) > MOST_LETTERS or not 1 <= limit <= MOST_PASSAGES:
        raise InvalidOptions(f"a question has 1 to {MOST_LETTERS} characters and is answered from 1 to {MOST_PASSAGES} passages")
    found = search_documents(room, Query(question, limit=limit, filters=filters or Filters()), user=user).results
    answer = _answered(room.settings, spec, question, found) if found else Answer(refused=NOTHING_FOUND)
    return answer.model_copy(update={"took_ms": round((time.perf_counter() - began) * 1000, 1)})


def _answered(settings: Settings, spec: ModelSpec, question: str, found: Sequence[Passage]) -> Answer:
    is_masked = spec.masks(redact=False)
    texts = [passage.text for passage in found]
    if is_masked:
        texts = _masked(settings, texts)
    prompt, count = prompt_for(question, texts, spec)
    written, use = ask_model(spec, model_key(), prompt, read_sentences)
    stand = _standing(written, texts[:count], question)
    reason = None if stand else NOT_BORNE_OUT if written.sentences else NOT_SAID
    return Answer(
        sentences=tuple(stand),
        refused=reason,
        left_out=len(written.sentences) - len(stand),
        passages=tuple(found[:count]),
        model_use=use.model_copy(update={"masked": is_masked}),
    )


def _standing(written: Sentences, texts: Sequence[str], question: str) -> list[AnsweredSentence]:
    stand = []
    for sentence in written.sentences:
        cited = standing_citations(sentence, texts)
        if cited and is_borne_out(sentence.text, [texts[number - 1] for number in cited], question):
            stand.append(AnsweredSentence(text=" ".join(sentence.text.split()), passages=tuple(cited)))
    return stand


def _masked(settings: Settings, texts: Sequence[str]) -> list[str]:
    """The texts with personal data masked; they are searched in a cell like all text of documents."""
    limits = CellLimits(memory_bytes=settings.cell_memory_bytes, items=settings.cell_items)
    with Cell(limits) as cell, scratch_folder("ask") as folder:
        source, out = folder / "in.jsonl", folder / "out.jsonl"
        source.write_text("".join(json.dumps({"id": None, "text": text}) + "\n" for text in texts), encoding="utf-8")
        args = (str(source), settings.language, list(DEFAULT_ENTITIES), str(out))
        cell.call("docmill.stages.privacy.verbs:find_in_lines", *args, deadline_s=settings.document_deadline_s)
        lines = out.read_text(encoding="utf-8").splitlines()
    return [_without(text, json.loads(line)["spans"]) for text, line in zip(texts, lines, strict=True)]


def _without(text: str, spans: Sequence[dict[str, object]]) -> str:
    for span in sorted(spans, key=lambda one: -int(str(one["start"]))):
        text = f"{text[: int(str(span['start']))]}[{span['type']}]{text[int(str(span['end'])) :]}"
    return text
