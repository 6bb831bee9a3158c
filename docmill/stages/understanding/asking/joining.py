"""What rules and a language model say together.

The model points at words of the page; what they mean, whether they may stand and how sure that is, is decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from docmill.stages.understanding.asking.grounding import Place, grounded
from docmill.stages.understanding.asking.masked import place_as_read
from docmill.stages.understanding.asking.question import Answer
from docmill.stages.understanding.asking.readings import read_value
from docmill.stages.understanding.dates import is_month_first
from docmill.stages.understanding.layout import LITTLE_DOUBT, field
from docmill.stages.understanding.sum_checks import CENT
from docmill.values.evidence import Field, Understanding
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.page import Page

STAGE: Final = "consult"
MODEL_RULE: Final = "language_model"
"""The source of values that a model pointed at."""

PROVEN, AGREED, POINTED_AT, DISPUTED = 0.93, 0.85, 0.75, 0.6
"""Confidence of an answer: exact arithmetic with other sums proves it; rules found the same before; the model alone says it; rules say different.
The last two are below the usual threshold of review: a person sees them with their box."""

RULES_STAND = 0.65
"""Where both say different things, a rule's value at least this sure stands, doubted: words of a document may talk a model into more than a rule."""

NET_TAX_TOTAL = ("net_total", "tax_total", "total")
_SUM_PROBLEM, _DATE_PROBLEM = "net_total + tax_total is not total", "due_date lies before issue_date"


@dataclass(frozen=True, slots=True)
class Joined:
    """The understanding with the answers that stand, and how many did."""

    understanding: Understanding
    answered: int


def joined_with(
    found: Understanding, answers: Sequence[Answer], *, asked: Sequence[str], pages: Sequence[Page], shown: Mapping[int, Page]
) -> Joined:
    """Rules' fields with the model's answers.

    Args:
        found: what the rules say.
        answers: of the model; those to fields that were not asked are left out, as are second ones to a field.
        asked: names of fields.
        pages: as read.
        shown: the pages as they were sent, by number.
    """
    as_read = {page.number: page for page in pages}
    month_first = is_month_first(pages)
    new: dict[str, Field] = {}
    lost: list[str] = []
    for answer in {one.field: one for one in reversed(answers) if one.field in asked and one.text}.values():
        place = _place(answer, shown, as_read)
        value = read_value(answer.field, place, month_first=month_first) if place else None
        if place is None or value is None:
            lost.append(answer.field)
        else:
            new[answer.field] = field(answer.field, value, place.seen, POINTED_AT, MODEL_RULE, doubt=LITTLE_DOUBT)
    return _merged(found, new, lost, asked)


def _place(answer: Answer, shown: Mapping[int, Page], as_read: Mapping[int, Page]) -> Place | None:
    """Where the answer stands on the page as read: on the page that it names, or the only other one that says it."""
    first = shown.get(answer.page or 0)
    others = [page for page in shown.values() if page is not first]
    for pages in ([first] if first else [], others):
        places = [place for page in pages for place in grounded(page, answer.text or "")]
        if places and (pages is not others or len({place.seen.page.number for place in places}) == 1):
            return place_as_read(places[0], as_read[places[0].seen.page.number])
    return None


def _merged(found: Understanding, new: Mapping[str, Field], lost: Sequence[str], asked: Sequence[str]) -> Joined:
    old = {one.name: one for one in found.fields}
    chosen = {name: _chosen(old.get(name), one) for name, one in new.items()}
    proven = _proven({**old, **new}, new)
    if proven:
        chosen |= {
            name: _surer(new.get(name) or old[name], PROVEN)
            for name in NET_TAX_TOTAL
            if (new.get(name) or old[name]).evidence.confidence < PROVEN
        }
    fields = {**old, **chosen}
    order = [*old, *(name for name in asked if name not in old)]
    return Joined(
        found.model_copy(
            update={
                "fields": tuple(fields[name] for name in order if name in fields),
                "problems": (*_left(found.problems, fields, proven=proven), *(_not_there(name) for name in lost)),
            },
        ).with_parts_in_step(),
        answered=sum(1 for name in new if fields[name].value == new[name].value),
    )


def _chosen(old: Field | None, new: Field) -> Field:
    """The field of one name that stands: both agree, or the surer of the two, doubted."""
    if old is None:
        return new
    if old.value == new.value:
        return _surer(old, AGREED)
    stands = old if old.evidence.confidence >= RULES_STAND else new
    return _as_sure(stands, min(DISPUTED, stands.evidence.confidence))


def _proven(fields: Mapping[str, Field], new: Mapping[str, Field]) -> bool:
    """Whether net + tax = total holds with one of the answers among them, and the three are three amounts."""
    values = [_decimal(fields.get(name)) for name in NET_TAX_TOTAL]
    if not any(name in new for name in NET_TAX_TOTAL) or any(value is None for value in values):
        return False
    net, tax, total = (value or Decimal(0) for value in values)
    places = {(one.page, one.start) for name in NET_TAX_TOTAL if (one := fields[name].evidence)}
    return bool(tax) and abs(tax) < abs(net) and abs(net + tax - total) < CENT and len(places) == len(NET_TAX_TOTAL)


def _decimal(one: Field | None) -> Decimal | None:
    return Decimal(one.value) if one is not None and one.value is not None else None


def _left(problems: Sequence[Problem], fields: Mapping[str, Field], *, proven: bool) -> list[Problem]:
    """The contradictions that still hold with the new values."""
    values = {name: one.value for name, one in fields.items() if one.value}
    issued, due = values.get("issue_date"), values.get("due_date")
    solved = ([_SUM_PROBLEM] if proven else []) + ([_DATE_PROBLEM] if issued and due and issued <= due else [])
    return [problem for problem in problems if not problem.message.endswith(tuple(solved))] if solved else list(problems)


def _not_there(name: str) -> Problem:
    return Problem(code=CHECK_FAILED, stage=STAGE, message=f"the language model's answer for {name} does not stand on the page")


def _surer(one: Field, least: float) -> Field:
    return _as_sure(one, max(least, one.evidence.confidence))


def _as_sure(one: Field, confidence: float) -> Field:
    return one.model_copy(update={"evidence": one.evidence.model_copy(update={"confidence": round(confidence, 3)})})


__all__ = ["AGREED", "DISPUTED", "MODEL_RULE", "POINTED_AT", "PROVEN", "Joined", "joined_with"]
