"""How jobs end: the final state with everything the ledger should know about it."""

import json

from docmill.services.running.tracked import Tracked
from docmill.services.running.waves import NEEDED_FOR_REDACTION
from docmill.values.jobs import JobEnd, JobState, final_state
from docmill.values.outcome import Outcome, OutcomeName, Problem
from docmill.values.review import Doubt


def failed_end(tracked: Tracked) -> JobEnd:
    """The end of a job of which nothing can be published. What nothing could be published for comes first: the job's error is the first problem."""
    deciding = ("inspect", *(NEEDED_FOR_REDACTION if tracked.job.options.redact else ()), "publish")
    problems = sorted(tracked.problems, key=lambda problem: problem.stage not in deciding)
    return _end(tracked, Outcome(name=OutcomeName.FAILED, problems=tuple(problems)))


def published_end(tracked: Tracked) -> JobEnd:
    """The end of a job whose results were written; the outcome is the one that the results carry."""
    if "publish" in tracked.failed:
        return failed_end(tracked)
    return _end(tracked, Outcome(name=OutcomeName(str(tracked.facts["outcome"])), problems=_problems(str(tracked.facts["problems"]))))


def _problems(text: str) -> tuple[Problem, ...]:
    return tuple(Problem.model_validate(one) for one in json.loads(text))


def _end(tracked: Tracked, outcome: Outcome) -> JobEnd:
    job = tracked.job
    made = tracked.inputs("redact", "speak", "publish")
    results = next((a for a in made if a.name == "results"), None)
    kind, doubts = tracked.facts.get("kind"), tracked.facts.get("doubts_found")
    return JobEnd(
        job_id=job.job_id,
        document_id=job.document_id,
        fence=job.fence,
        state=JobState(final_state(outcome)),
        outcome=outcome,
        results=results if outcome.name is not OutcomeName.FAILED else None,
        published=tuple(a for a in made if a.prefix == "public" and a is not results),
        kind=str(kind) if kind else None,
        page_count=tracked.page_count or None,
        media_type=tracked.media_type,
        seconds=round(sum(tracked.seconds.values()), 3),
        stage_seconds=dict(tracked.seconds),
        doubts=tuple(Doubt.model_validate(one) for one in json.loads(str(doubts))) if doubts is not None else None,
    )
