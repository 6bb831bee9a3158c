"""Whether passages bear out what a model wrote: by words and figures, deterministic, pure.

A citation stands when its quote stands in the passage. A sentence stands when it has such a citation, when each of its figures and names is in the
passages that it cites, and when most of its other words are. No invented figure or name passes. Words cannot tell a denial from a claim, so a denial
that the passages do not make is refused too; a claim that turns the roles of two names round is not noticed.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from docmill.services.answering.question import Cited, Sentence

LEAST_QUOTED: Final = 3
"""Words that a quote has at least, unless it has a figure."""

LEAST_SHARED: Final = 0.6
"""Share of a sentence's words that the cited passages have; words of the question alone count neither way."""

_STEM, _LEAST_LETTERS = 6, 4
"""Words are compared by so many first letters, and shorter ones not at all: endings differ, and small words say nothing."""

_FIGURES = re.compile(r"\d+(?:[.,:/-]\d+)*")
_NAME = re.compile(r"(?<=[^.!?:\s] )[A-ZÄÖÜÀ-Ý][\w&-]*[^\W\d_]")
_DENIAL = re.compile(
    r"(?<!\w)(?:not|no|never|none|nobody|nothing|without|cannot|nicht|kein\w*|nie|ohne|ne|pas|jamais|sans)(?!\w)|n['\u2019]t\b"
)


def standing_citations(sentence: Sentence, passages: Sequence[str]) -> list[int]:
    """Numbers of the cited passages that say what is quoted of them, counted from 1, in order, each once."""
    return sorted(
        {one.passage for one in sentence.citations if 1 <= one.passage <= len(passages) and _says(passages[one.passage - 1], one)}
    )


def is_borne_out(text: str, passages: Iterable[str], question: str) -> bool:
    """Whether passages say what a sentence says.

    Args:
        text: the sentence.
        passages: those that it cites.
        question: its words prove nothing, and its figures and names need proof like all others.
    """
    said = "\n".join(passages)
    known, figures = _stems(said, least=1), _figures(text)
    # a name that begins the sentence is known as one only by the question
    names = _names(text) | (_names(question) & _stems(text, least=1))
    if not figures <= _figures(said) or not names <= known:
        return False
    if _DENIAL.search(text.casefold()) and not _DENIAL.search(said.casefold()):
        return False
    words = _stems(text, least=_LEAST_LETTERS)
    shared, of_question = words & known, (words & _stems(question, least=1)) - known
    return bool(shared or figures) and len(shared) >= LEAST_SHARED * len(words - of_question)


def _says(passage: str, one: Cited) -> bool:
    quote = _plain(one.quote)
    is_enough = len(quote.split()) >= LEAST_QUOTED or any(c.isdigit() for c in quote)
    return is_enough and f" {quote} " in f" {_plain(passage)} "


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _figures(text: str) -> set[str]:
    return {re.sub(r"\D", "", found) for found in _FIGURES.findall(text)}


def _names(text: str) -> set[str]:
    return _stems(" ".join(_NAME.findall(text)), least=1)


def _stems(text: str, *, least: int) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"[^\W\d_]+", text.casefold()) if len(word) >= least}
