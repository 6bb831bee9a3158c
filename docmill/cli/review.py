"""Reviewing on the command line: `docmill review list|show|claim|release|assign|decide|approve|sweep`. What is promised is in review_promises."""

from typing import Annotated
from uuid import uuid4

import typer

from docmill.cli.option_flags import one_of
from docmill.cli.output import show_json, show_table
from docmill.cli.review_marks import mark_personal, next_step, say_kind_of
from docmill.cli.review_promises import calibrate
from docmill.cli.rooms import room
from docmill.errors import InvalidOptions
from docmill.services.jobs import job_view
from docmill.services.looking import note_look
from docmill.services.review import claiming, overdue
from docmill.services.review.applying import apply_waiting
from docmill.services.review.deciding import Answer, Refusal, decide, decide_many
from docmill.services.review.seeing import show
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.values.review import OPEN_STATES, Priority, ReviewTask, Subject, TaskState, Verdict

LOCAL = "local"

review = typer.Typer(help="Tasks for people: what machines doubt.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
As = Annotated[str, typer.Option("--as", help="The user who acts.", metavar="USER")]
Task = Annotated[str, typer.Argument(help="Task id, from `docmill review list`.", metavar="TASK")]
Note = Annotated[str, typer.Option("--reason", help="Why; kept privately with the decision.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    review.command()(calibrate)
    review.command("mark")(mark_personal)
    review.command("kind")(say_kind_of)
    app.add_typer(review, name="review")


@review.command("list")
def list_tasks(
    *,
    state: Annotated[str | None, one_of("--state", list(TaskState), "Only tasks in this state; open ones without it.")] = None,
    priority: Annotated[str | None, one_of("--priority", list(Priority), "Only tasks of this priority.")] = None,
    subject: Annotated[str | None, one_of("--subject", list(Subject), "Only tasks about this.")] = None,
    document: Annotated[str | None, typer.Option(help="Only tasks of this document.")] = None,
    user: Annotated[str | None, typer.Option(help="Only tasks assigned to this user.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """List tasks, urgent ones first."""
    wanted = TaskFilter(
        states=(TaskState(state),) if state else OPEN_STATES,
        document_id=document,
        assigned_to=user,
        priority=Priority(priority) if priority else None,
        subject=Subject(subject) if subject else None,
    )
    with room() as opened:
        found = claiming.find_tasks(opened.ledger, opened.tenant, wanted, limit=limit)
    if as_json:
        show_json(found)
    elif not found:
        typer.echo("There is nothing to review.")
    else:
        columns = ("task", "document", "priority", "state", "about", "page", "confidence", "assigned to", "due (UTC)")
        show_table("Review tasks", columns, [_row(task) for task in found])


@review.command("show")
def show_task(task_id: Task, *, as_json: Json = False) -> None:
    """Show one task with the value in question."""
    with room() as opened:
        shown = show(opened, claiming.task_view(opened.ledger, opened.tenant, task_id))
        if shown.value or shown.text:
            job = job_view(opened.ledger, opened.tenant, shown.task.job_id)
            note_look(opened, job, "review task", by=LOCAL, task_id=shown.task.task_id)
    task = shown.task
    if as_json:
        show_json({**task.model_dump(mode="json"), "field": shown.field, "value": shown.value, "text": shown.text})
        return
    facts = {"task": task.task_id, "document": task.document_id, "state": task.state, "priority": task.priority, "reason": task.reason,
             "about": _about(task), "page": task.page and str(task.page), "box": task.box and str(task.box), "value": shown.value,
             "printed": shown.text, "assigned to": task.assigned_to, "version": str(task.version)}  # fmt: skip
    show_table("Review task", ("", ""), [(name, value) for name, value in facts.items() if value])


@review.command()
def claim(task_id: Annotated[str | None, typer.Argument(metavar="[TASK]")] = None, *, user: As = "local", as_json: Json = False) -> None:
    """Take a task, or the most urgent free one, for a quarter of an hour."""
    with room() as opened:
        lease_s = opened.settings.review_lease_s
        if task_id is None:
            held = claiming.claim_next(opened.ledger, opened.tenant, user, lease_s=lease_s)
        else:
            held = claiming.claim(opened.ledger, opened.tenant, task_id, user, lease_s=lease_s)
    if as_json:
        show_json(held)
    elif held is None:
        typer.echo("There is nothing free to review.")
    else:
        typer.echo(f"{held.task_id} is yours until {held.lease_until:%H:%M:%S} UTC")


@review.command()
def release(task_id: Task, *, user: As = "local") -> None:
    """Give a task back."""
    with room() as opened:
        claiming.release(opened.ledger, opened.tenant, task_id, user)
    typer.echo(f"{task_id} is free again")


@review.command()
def assign(
    task_id: Task,
    *,
    to: Annotated[str | None, typer.Option(help="The user; without it whoever of those who may has the fewest tasks.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Take the assignment away.")] = False,
    user: As = "local",
) -> None:
    """Assign a task to a user, by workload, or to nobody."""
    with room() as opened:
        given = claiming.assign(opened.ledger, opened.tenant, task_id, by=user, to=to, to_whoever=to is None and not nobody)
    typer.echo(f"{task_id} is assigned to {given.assigned_to or 'nobody'}")


@review.command("decide")
def decide_task(
    task_id: Task,
    *,
    verdict: Annotated[str, one_of("--verdict", list(Verdict), "It is right, wrong but known, or wrong.")],
    value: Annotated[str | None, typer.Option(help="The right value; with corrected.")] = None,
    field: Annotated[str | None, typer.Option(help="The field to correct, where the task names none.")] = None,
    reason: Note = "",
    user: As = "local",
) -> None:
    """Decide a task; it is claimed first if nobody holds it."""
    with room() as opened:
        held = claiming.claim(opened.ledger, opened.tenant, task_id, user, lease_s=opened.settings.review_lease_s)
        made = decide(opened, task_id, user, Answer(Verdict(verdict), value, field, reason), version=held.version)
        typer.echo(f"{made.decision_id}: {made.verdict}; {next_step(opened, made)}")


@review.command()
def approve(
    task_ids: Annotated[list[str], typer.Argument(help="Task ids.", metavar="TASK...")],
    *,
    reason: Note = "",
    user: As = "local",
) -> None:
    """Accept many tasks for one reason. Exit code 53 when some could not be."""
    if not reason.strip():
        raise InvalidOptions("--reason: many tasks at once ask for one")
    with room() as opened:
        done, refused = decide_many(opened, task_ids, user, Answer(Verdict.ACCEPTED, note=reason))
        for made in done:
            typer.echo(f"{made.task_id}: {made.verdict}; {next_step(opened, made)}")
    _tell_refused(refused)


@review.command()
def sweep() -> None:
    """Free lost claims, escalate what is overdue, apply what is decided; the deployment sweep-reviews does it every ten minutes."""
    with room() as opened:
        swept = overdue.sweep(opened.ledger, opened.tenant)
        done = apply_waiting(opened, run_id=str(uuid4()))
    typer.echo(f"{swept.freed} tasks freed, {swept.escalated} escalated; {done.applied} documents have a new version, {done.left} wait")


def _tell_refused(refused: list[Refusal]) -> None:
    for one in refused:
        typer.echo(f"{one.task_id}: {one.message} [{one.code}]", err=True)
    if refused:
        raise typer.Exit(53)


def _about(task: ReviewTask) -> str:
    return f"{task.subject} {task.name}".rstrip() if task.name else f"{task.subject}: {task.reason}"


def _row(task: ReviewTask) -> tuple[str, ...]:
    sure = "" if task.confidence is None else f"{task.confidence:.2f}"
    page, who = str(task.page or ""), task.assigned_to or ""
    return task.task_id, task.document_id[:12], task.priority, task.state, _about(task), page, sure, who, f"{task.due_at:%Y-%m-%d %H:%M}"
