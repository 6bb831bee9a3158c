"""What decisions make of results and of what was understood: pure, one version in, the next one out.

With redaction a masked field stays masked, and a value that a person typed is shown only where it cannot hold personal data: nobody has
searched it. Belongs here: the rewriting. Does not belong here: where the objects lie (applying).
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from docmill.services.publishing_masked import FIGURES_AND_WORDS, NOT_SEARCHED, REVIEWED
from docmill.services.review.records import KIND, DecisionRecord
from docmill.stages.understanding.kind_evidence import OTHER
from docmill.stages.understanding.sum_checks import PAGE_SAYS, field_contradictions
from docmill.values.evidence import Evidence, Field, Kind, Understanding
from docmill.values.outcome import CHECK_FAILED, Problem, judge
from docmill.values.result_fields import ResultDocument, ResultField, ResultKind
from docmill.values.results import ResultOutcome, Results
from docmill.values.review import DecisionView, ReviewTask, Subject, Verdict


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with its task and its private record."""

    decision: DecisionView
    task: ReviewTask
    record: DecisionRecord


def rewritten_understanding(understanding: Understanding, decided: Sequence[Decided], *, again: bool = False) -> Understanding:
    """Kind and fields as decided, contradictions without the settled ones.

    Args:
        understanding: of the version before, or of words that people corrected.
        decided: in the order of the decisions.
        again: what was accepted counts, although another value may be found by now.
    """
    fields = {one.name: one for one in understanding.fields}
    for one in decided:
        name, said = one.record.field, one.decision.verdict
        if name is None or one.decision.field is None or name == KIND:
            continue
        value = one.record.old if again and said is Verdict.ACCEPTED else one.record.new
        if said is Verdict.REJECTED and one.task.subject is Subject.FIELD:
            fields.pop(name, None)
        elif value is not None and (name not in fields or fields[name].value != value):
            fields[name] = _corrected(fields.get(name), name, value, one.task)
        elif name in fields and said is not Verdict.REJECTED:
            seen = fields[name].evidence.model_copy(update={"confidence": 1.0})
            fields[name] = fields[name].model_copy(update={"evidence": seen})
    new = understanding.model_copy(update={"kind": _kind(understanding.kind, decided), "fields": tuple(fields.values())})
    settled = settled_messages(decided) | resolved_messages(understanding, new, decided)
    left = tuple(one for one in understanding.problems if one.message not in settled)
    return new.model_copy(update={"problems": left}).with_parts_in_step()


def resolved_messages(before: Understanding, after: Understanding, decided: Sequence[Decided]) -> set[str]:
    """Messages of contradictions between fields that are none any more with the fields as decided; what a person confirmed stays."""
    try:
        gone = {f"{PAGE_SAYS}{one}" for one in set(_contradictions(before)) - set(_contradictions(after))}
    except (ValueError, ArithmeticError):
        return set()  # a value of another form than today's: decisions are applied all the same
    confirmed = {one.task.reason for one in decided if one.decision.verdict is Verdict.REJECTED}
    return {one.message for one in before.problems if one.message in gone} - confirmed


def _contradictions(understanding: Understanding) -> list[str]:
    return field_contradictions({one.name: one.value for one in understanding.fields if one.value})


def _kind(kind: Kind, decided: Sequence[Decided]) -> Kind:
    for one in (one for one in decided if one.record.field == KIND):
        name = {Verdict.REJECTED: OTHER, Verdict.ACCEPTED: one.record.old or kind.name}.get(
            one.decision.verdict, one.record.new or kind.name
        )
        kind = Kind(name=name, confidence=1.0, reason="decided by a person")
    return kind


def rewritten_results(
    results: Results, understanding: Understanding, decided: Sequence[Decided], *, task_id: str, resolved: Collection[str] = ()
) -> Results:
    """The results of the next version: fields with who decided them and when, the outcome judged anew.

    Args:
        results: of the version before.
        understanding: rewritten already.
        decided: in the order of the decisions.
        task_id: the job that makes the new version.
        resolved: messages of contradictions that the decided fields leave none of.
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
    settled = settled_messages(decided).union(resolved)
    outcome = judge(tuple(one for one in left if one.code != CHECK_FAILED or one.message not in settled), something_done=True)
    names = settled_checks(decided)
    failed = tuple(one for one in results.validation.failed_checks if one not in names)
    kind = ResultKind.model_validate(understanding.kind.model_dump())
    return results.model_copy(
        update={
            "task_id": task_id,
            "kind": kind,
            "fields": tuple(fields),
            "outcome": ResultOutcome.model_validate(outcome.model_dump()),
            "parts": _parts(results, kind, tuple(fields), {one.message for one in outcome.problems}),
            "validation": results.validation.model_copy(
                update={"failed_checks": failed, "passed": results.validation.passed or not failed}
            ),
        }
    )


def _parts(results: Results, kind: ResultKind, fields: tuple[ResultField, ...], left: Collection[str]) -> tuple[ResultDocument, ...]:
    """The parts of a package: people decide about the file's kind and fields, which are those of its main part."""
    return tuple(
        part.model_copy(
            update={
                **({"kind": kind, "fields": fields} if part.is_main else {}),
                "problems": tuple(one for one in part.problems if one.message in left),
            },
        )
        for part in results.parts
    )


def _corrected(before: Field | None, name: str, value: str, task: ReviewTask) -> Field:
    if before is not None:
        seen = before.evidence.model_copy(update={"confidence": 1.0, "source": REVIEWED})
    else:
        seen = Evidence(page=task.page or 1, confidence=1.0, source=REVIEWED)
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


def decided_facts(said: Sequence[tuple[str, str, str]]) -> str:
    """(field, user, when) as a fact for publishing: JSON {field: [user, when]}, later ones in place of earlier ones."""
    return json.dumps({field: [user, when] for field, user, when in said})


def settled_messages(decided: Sequence[Decided]) -> set[str]:
    """Messages of problems that people settled: what was rejected stands."""
    about = {Subject.CONTRADICTION, Subject.FRAUD, Subject.CHECK, Subject.PROBLEM}
    return {one.task.reason for one in decided if one.task.subject in about and one.decision.verdict is not Verdict.REJECTED}


def settled_checks(decided: Sequence[Decided]) -> set[str]:
    """Names of failed checks that people settled."""
    return {one.task.name for one in decided if one.task.subject is Subject.CHECK and one.decision.verdict is not Verdict.REJECTED}
