"""What decisions make of results and of what was understood: pure, one version in, the next one out.

With redaction a masked field stays masked, and a value that a person typed is shown only where it cannot hold personal data: nobody has
searched it. Belongs here: the rewriting. Does not belong here: where the objects lie (applying).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from docmill.services.publishing import FIGURES_AND_WORDS
from docmill.services.review.records import DecisionRecord
from docmill.values.evidence import Evidence, Field, Understanding
from docmill.values.outcome import CHECK_FAILED, Problem, judge
from docmill.values.results import ResultField, ResultOutcome, Results
from docmill.values.review import DecisionView, ReviewTask, Subject, Verdict

SOURCE = "review"
NOT_SEARCHED = "[NOT_SEARCHED]"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with its task and its private record."""

    decision: DecisionView
    task: ReviewTask
    record: DecisionRecord


def rewritten_understanding(understanding: Understanding, decided: Sequence[Decided]) -> Understanding:
    """Fields as decided, contradictions without the settled ones."""
    fields = {one.name: one for one in understanding.fields}
    for one in decided:
        name = one.record.field
        if name is None or one.decision.field is None:
            continue
        if one.decision.verdict is Verdict.REJECTED and one.task.subject is Subject.FIELD:
            fields.pop(name, None)
        elif one.decision.verdict is Verdict.CORRECTED and one.record.new is not None:
            fields[name] = _corrected(fields.get(name), name, one.record.new, one.task)
        elif name in fields and one.decision.verdict is Verdict.ACCEPTED:
            seen = fields[name].evidence.model_copy(update={"confidence": 1.0})
            fields[name] = fields[name].model_copy(update={"evidence": seen})
    settled = _settled(decided)
    problems = tuple(one for one in understanding.problems if one.message not in settled)
    return understanding.model_copy(update={"fields": tuple(fields.values()), "problems": problems})


def rewritten_results(results: Results, understanding: Understanding, decided: Sequence[Decided], *, task_id: str) -> Results:
    """The results of the next version: fields with who decided them and when, the outcome judged anew.

    Args:
        results: of the version before.
        understanding: rewritten already.
        decided: in the order of the decisions.
        task_id: the job that makes the new version.
    """
    wanted = {one.name: one for one in understanding.fields}
    by_field = {one.record.field: one for one in decided if one.record.field}
    shown = {one.name: one for one in results.fields}
    fields = []
    for name in dict.fromkeys([*shown, *(n for n in by_field if n)]):
        found = wanted.get(name)
        if name not in by_field:
            fields.append(shown[name])
        elif found is not None:
            fields.append(_shown(found, shown.get(name), by_field[name], is_redacted=results.options.redact))
    left = tuple(Problem(**one.model_dump()) for one in results.outcome.problems)
    settled = _settled(decided)
    outcome = judge(tuple(one for one in left if one.code != CHECK_FAILED or one.message not in settled), something_done=True)
    names = _settled_checks(decided)
    failed = tuple(one for one in results.validation.failed_checks if one not in names)
    return results.model_copy(
        update={
            "task_id": task_id,
            "fields": tuple(fields),
            "outcome": ResultOutcome.model_validate(outcome.model_dump()),
            "validation": results.validation.model_copy(
                update={"failed_checks": failed, "passed": results.validation.passed or not failed}
            ),
        }
    )


def _corrected(before: Field | None, name: str, value: str, task: ReviewTask) -> Field:
    if before is not None:
        seen = before.evidence.model_copy(update={"confidence": 1.0, "source": SOURCE})
    else:
        seen = Evidence(page=task.page or 1, confidence=1.0, source=SOURCE)
    return Field(name=name, value=value, text=value, evidence=seen)


def _shown(found: Field, before: ResultField | None, one: Decided, *, is_redacted: bool) -> ResultField:
    seen = found.evidence
    box = (seen.box.x0, seen.box.y0, seen.box.x1, seen.box.y1) if seen.box else None
    value, text = found.value, found.text
    if is_redacted and before is not None and before.value is None:
        value, text = None, before.text
    elif is_redacted and one.decision.verdict is Verdict.CORRECTED and found.name not in FIGURES_AND_WORDS:
        value, text = None, NOT_SEARCHED
    return ResultField(
        name=found.name,
        value=value,
        text=text,
        page=seen.page,
        box=box,
        confidence=seen.confidence,
        source=seen.source,
        decided_by=one.decision.user_id,
        decided_at=one.decision.created_at,
    )


def _settled(decided: Sequence[Decided]) -> set[str]:
    """Messages of problems that people settled: what was rejected stands."""
    return {one.task.reason for one in decided if one.task.subject is not Subject.FIELD and one.decision.verdict is not Verdict.REJECTED}


def _settled_checks(decided: Sequence[Decided]) -> set[str]:
    return {one.task.name for one in decided if one.task.subject is Subject.CHECK and one.decision.verdict is not Verdict.REJECTED}
