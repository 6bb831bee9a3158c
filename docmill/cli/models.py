"""Models that learn from decisions: `docmill models list|train|add|promote|rollback|consent`."""

from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.option_flags import one_of
from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.services.learning.lessons import say_consent
from docmill.services.learning.retraining import RATE, add_ranker, retrain
from docmill.services.learning.versions import all_versions, learner_named, promote, roll_back
from docmill.values.learning import Learner, ModelVersion

models = typer.Typer(help="Models that learn from decisions.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
As = Annotated[str, typer.Option("--as", help="The user who acts.", metavar="USER")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(models, name="models")


@models.command("list")
def list_versions(*, as_json: Json = False) -> None:
    """List every version, newest first, with how it did on companies that it had not seen."""
    with room() as opened:
        found = all_versions(opened)
    if as_json:
        show_json(found)
    elif not found:
        typer.echo("Nothing was learned yet: docmill uses what comes with it.")
    else:
        columns = ("model", "learner", "number", "made (UTC)", "better", "in use", "metrics")
        show_table("Models", columns, [_row(one) for one in found])


@models.command()
def train(
    *,
    wrong: Annotated[float, typer.Option(min=0.001, max=0.5, help="Share of wrong ones that learned thresholds promise.")] = RATE,
    use: Annotated[bool, typer.Option("--use/--no-use", help="Put better versions to use at once.")] = True,
    user: As = "local",
) -> None:
    """Train on decided documents that may teach; the deployment retrain-models does it weekly."""
    with room() as opened:
        for one in retrain(opened, by=user, rate=wrong, use=use):
            number = f" version {one.version.number}" if one.version else ""
            typer.echo(f"{one.learner}{number}: {one.reason}{_figures(one.version)}")


@models.command()
def add(
    file: Annotated[Path, typer.Argument(help="What training/ranker/train.py wrote.", metavar="FILE", exists=True, dir_okay=False)],
    *,
    user: As = "local",
) -> None:
    """Keep a ranker that was trained on papers of one's own as a version; `promote` puts it to use."""
    with room() as opened:
        made = add_ranker(opened, file.read_bytes(), by=user)
    said = "better than the rules; waits to be put to use" if made.is_better else "no better than what is in use; kept"
    typer.echo(f"{made.learner} version {made.number} ({made.model_id}): {said}{_figures(made)}")


@models.command("promote")
def promote_version(model_id: Annotated[str, typer.Argument(metavar="MODEL")], *, user: As = "local") -> None:
    """Put a version to use; one that was no better is refused (exit code 53)."""
    with room() as opened:
        made = promote(opened, model_id, by=user)
    typer.echo(f"{made.learner} version {made.number} is in use")


@models.command()
def rollback(learner: Annotated[str, typer.Argument(help=f"{', '.join(Learner)}.", metavar="LEARNER")], *, user: As = "local") -> None:
    """Put the version to use that was in use before."""
    with room() as opened:
        now = roll_back(opened, learner_named(learner), by=user)
    typer.echo(f"{learner} version {now.number} is in use again" if now else f"{learner}: what comes with docmill is in use again")


@models.command()
def consent(
    documents: Annotated[list[str], typer.Argument(help="Document ids.", metavar="DOCUMENT...")],
    *,
    say: Annotated[str, one_of("--say", ["yes", "no"], "Whether they may teach.")] = "yes",
    user: As = "local",
) -> None:
    """Say whether documents may teach."""
    with room() as opened:
        for document_id in documents:
            say_consent(opened, document_id, may_teach=say == "yes", by=user)
    typer.echo(f"{len(documents)} documents {'may' if say == 'yes' else 'must not'} teach")


def _row(one: ModelVersion) -> tuple[str, ...]:
    said = ("yes" if one.is_better else "no", "yes" if one.is_in_use else "")
    return one.model_id, one.learner, str(one.number), f"{one.created_at:%Y-%m-%d %H:%M}", *said, _figures(one).strip(" ()")


def _figures(one: ModelVersion | None) -> str:
    return f" ({', '.join(f'{name} {value:g}' for name, value in one.metrics.items())})".replace("_", " ") if one else ""
