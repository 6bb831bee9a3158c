"""`docmill ask QUESTION`: an answer from the documents that were milled, each sentence with the passages that bear it out."""

from typing import Annotated

import typer

from docmill.cli.output import printable, show_json, show_table
from docmill.cli.rooms import room
from docmill.cli.search import FILTER
from docmill.services.answering.answer import MOST_PASSAGES, Answer, answer_question
from docmill.services.search_filters import filters_from


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ask)


def ask(
    question: Annotated[str, typer.Argument(help="A question, in the language of the documents.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=MOST_PASSAGES, help="Answer from so many passages.")] = 8,
    filters: Annotated[list[str] | None, FILTER] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False,
) -> None:
    """Answer a question from the documents that were milled; needs a language model (OPENAI_MODEL). Refuses what no passage bears out."""
    with room() as opened:
        answer = answer_question(opened, question, limit=limit, filters=filters_from(filters or ()))
    if as_json:
        show_json(answer)
    elif answer.sentences:
        _show(answer)
    if answer.refused:
        typer.echo(f"No answer: {answer.refused}.", err=True)


def _show(answer: Answer) -> None:
    for sentence in answer.sentences:
        typer.echo(f"{printable(sentence.text)} {''.join(f'[{number}]' for number in sentence.passages)}")
    cited = sorted({number for sentence in answer.sentences for number in sentence.passages})
    rows = [
        (str(n), answer.passages[n - 1].name, str(answer.passages[n - 1].page), " ".join(answer.passages[n - 1].text.split()))
        for n in cited
    ]
    show_table("", ("", "file", "page", "passage"), rows)
