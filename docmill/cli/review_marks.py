"""`docmill review mark` and `docmill review kind`: what a person saw that no search found."""

import sys
from typing import Annotated

import typer

from docmill.cli.rooms import room
from docmill.services.review.marking import Mark, mark, say_kind
from docmill.services.review.starting import start_application
from docmill.services.running.room import Room
from docmill.values.review import DecisionView

LATER = "it is applied by the next sweep (`docmill review sweep`, or the deployment sweep-reviews)"

Document = Annotated[str, typer.Argument(help="Document id.", metavar="DOCUMENT")]
As = Annotated[str, typer.Option("--as", help="The user who acts.", metavar="USER")]
Note = Annotated[str, typer.Option("--reason", help="Why; kept privately with the decision.")]


def mark_personal(
    document: Document,
    *,
    kind: Annotated[str, typer.Option("--type", help="Entity type, such as PERSON.")],
    text: Annotated[str | None, typer.Option(help="The text to hide, wherever it stands; - reads it from stdin.")] = None,
    page: Annotated[int | None, typer.Option(min=1, help="Only on this page; with --start and --end the place itself.")] = None,
    start: Annotated[int | None, typer.Option(min=0, help="First character, in the page's text.")] = None,
    end: Annotated[int | None, typer.Option(min=1, help="The character behind the last.")] = None,
    reason: Note = "",
    user: As = "local",
) -> None:
    """Say that something is personal data that no search found; a new version hides it, with a certificate of its own."""
    wanted = Mark(kind.upper(), sys.stdin.readline().strip() if text == "-" else text, page, start, end)
    with room() as opened:
        for made in mark(opened, document, user, wanted, note=reason):
            typer.echo(f"{made.decision_id}: {next_step(opened, made)}")


def say_kind_of(document: Document, kind: Annotated[str, typer.Argument(metavar="KIND")], *, reason: Note = "", user: As = "local") -> None:
    """Say what kind a document is."""
    with room() as opened:
        made = say_kind(opened, document, user, kind, note=reason)
        typer.echo(f"{made.decision_id}: {next_step(opened, made)}")


def next_step(opened: Room, made: DecisionView) -> str:
    """What happens next with a decision; asks for the run that applies a final one."""
    if not made.is_final:
        return "a second person must decide"
    return "a run applies it" if start_application(opened.settings, made.decision_id) else LATER
