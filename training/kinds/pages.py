"""Pages of every kind, put together by chance from templates and drawn as engines would read them. No words live here (phrases.*.json)."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

from filling import Filling

from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

LANGUAGES = ("en", "de", "fr")
_PLAIN_HEADS = frozenset({"book_page", "id_document", "email", "other"})
_ANYTHING = (
    "{w} {w} {w} {w}", "{w} | {w} | {q}", "{q} {w}", "{w}: {w}", "{w} {w}, {w} {w}. {w} {w} {w}.", "{h} {w} {w}", "{a}", "{d}", "{n}", "{p}", "{c}", "{t}",
    "{e}", "{w} {q} | {w} {q}", "{u} {u}", "{q} | {q} | {q}", "{w} {a} | {w} {a}", "{w}", "{n}: {w}",
)  # fmt: skip
_MEANINGLESS, _MOST, _MISSED, _LONG_STRIP, _LAID = 0.4, 0.7, 0.03, 0.7, 0.3
"""Shares: of `other` pages without meaning, of what is usual, of lines that an engine misses, of strips that look like one, and of strips on a sheet."""

_CONFUSED = dict(zip("oil15eacnrst", "0l1lSceonnsf", strict=True))


@dataclass(frozen=True, slots=True)
class Phrases:
    """The templates of one language, or the half of them that is kept for training or for testing."""

    language: str
    papers: dict[str, dict[str, list[str]]]


def phrases(language: str, half: int | None) -> Phrases:
    """All templates, or every other one (half 0 or 1): pages of the two halves have no sentence in common."""
    papers = json.loads((Path(__file__).parent / f"phrases.{language}.json").read_bytes())
    if half is not None:
        for paper in papers.values():
            for part, choices in paper.items():
                if isinstance(choices, list) and len(choices) > 1:
                    paper[part] = choices[half::2]
    return Phrases(language, papers)


def page_of(kind: str, source: Phrases, chance: random.Random) -> Page:
    """One page of a kind."""
    paper, filling = source.papers[kind], Filling(chance, source.language)
    shape = str(paper.get("shape", "sheet"))
    rows = _rows(kind, paper, chance)
    if kind == "other":
        if chance.random() < _MEANINGLESS:  # what no template foresees: words, figures and columns without meaning
            rows = chance.choices(chance.sample(_ANYTHING, chance.randint(2, 12)), k=chance.randint(3, 40))
        shape = chance.choice(("sheet", "sheet", "strip", "card"))
    page = _drawn([filling.fill(row) for row in rows], shape, chance, is_prose=bool(paper.get("is_prose")))
    return page.model_copy(update={"language": source.language})


def _some(choices: list[str], least: int, most: int, chance: random.Random, *, is_ordered: bool = False) -> list[str]:
    count = min(len(choices), chance.randint(least, most))
    chosen = chance.sample(range(len(choices)), count)
    return [choices[index] for index in (sorted(chosen) if is_ordered else chosen)]


def _rows(kind: str, paper: dict[str, list[str]], chance: random.Random) -> list[str]:
    head = (
        []
        if kind in _PLAIN_HEADS
        else _some(["{c}", "{s}", "{t}", "Tel. {n}", "www.{w}.example", "{e}", "{p}"], 1, 5, chance, is_ordered=True)
    )
    title = _some(paper.get("titles", [""]), 1, 1, chance)
    facts = _some(paper.get("facts", []), 2, 14 if paper.get("many_facts") else 7, chance, is_ordered=bool(paper.get("is_ordered")))
    table = _some(paper.get("heads", []), 1, 1, chance)
    if templates := paper.get("rows"):
        table += chance.choices(templates, k=chance.randint(10, 35) if paper.get("many_rows") else chance.randint(1, 9))
    table += _some(paper.get("sums", []), 1, 5, chance, is_ordered=True)
    body = paper.get("body", [])
    text = chance.choices(body, k=chance.randint(14, 30)) if paper.get("is_prose") else _some(body, 2, 9, chance)
    if paper.get("is_numbered"):
        text = [f"{number}. {sentence}" if chance.random() < _MOST else sentence for number, sentence in enumerate(text, 1)]
    opening, closing = _some(paper.get("opening", []), 1, 1, chance), _some(paper.get("closing", []), 1, 1, chance)
    foot = _some(paper.get("foot", []), 0, 4, chance)
    first = [*head, *title] if chance.random() < _MOST else [*title, *head]
    return [row for row in [*first, *facts, *opening, *text, *table, *closing, *foot] if row]


def _wrapped(row: str, width: int) -> list[str]:
    lines, current = [], ""
    for word in row.split():
        if current and len(current) + len(word) >= width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}".strip()
    return [*lines, current]


def _drawn(rows: list[str], shape: str, chance: random.Random, *, is_prose: bool) -> Page:
    is_laid = shape == "strip" and chance.random() < _LAID  # a slip on the glass of a scanner for sheets
    width, letters = (1000, 40) if is_laid else {"sheet": (1000, 75), "strip": (500, 34), "card": (860, 48)}[shape]
    lines = (
        _wrapped(" ".join(rows[1:]), letters)
        if is_prose
        else [part for row in rows for part in ([row] if "|" in row else _wrapped(row, letters))]
    )
    pitch, letter = chance.uniform(20, 34), width * 0.86 / letters
    noise = chance.choice((0.0, 0.0, 0.005, 0.02))
    found, y = [], chance.uniform(30, 90)
    for text in lines:
        y += pitch * chance.choice((1, 1, 1, 1.6))
        if noise and chance.random() < _MISSED:  # a line that the engine didn't see
            continue
        words = _words(text, y, width * 0.07, letter, pitch * 0.65, noise, chance)
        if words:
            found.append(Line(words=words))
    height = {
        "sheet": max(1414.0, y + 80),
        "strip": max(y + 60, 1414 if is_laid else 860 if chance.random() < _LONG_STRIP else 600),
        "card": max(540.0, y + 30),
    }[shape]
    source = "rapidocr" if noise else "text_layer"
    return Page(number=1, width_px=width, height_px=int(height), dpi=120, lines=tuple(found), source=source, language="en")


def _words(text: str, y: float, left: float, letter: float, height: float, noise: float, chance: random.Random) -> tuple[Word, ...]:
    words: list[Word] = []
    columns = text.split(" | ")
    for number, column in enumerate(columns):
        x = left + number * (75 * letter / len(columns) if len(columns) > 1 else 0)
        for printed in column.split():
            read = "".join(_CONFUSED.get(c, c) if chance.random() < noise else c for c in printed)
            words.append(Word(text=read, box=Box(x, y, x + letter * len(read), y + height), confidence=0.97))
            x += letter * (len(read) + 1)
    return tuple(words)
