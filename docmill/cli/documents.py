"""What was made of a document: `docmill result`, `url`, `export`, `delete`."""

import contextlib
import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from docmill.cli.rooms import room
from docmill.cli.status import find_job
from docmill.errors import InvalidOptions, NotFound
from docmill.services import documents, lookups
from docmill.services.erase import erase
from docmill.services.erasure_receipts import erasure_receipt, write_receipt
from docmill.services.looking import note_look
from docmill.services.running.room import Room
from docmill.values.jobs import Artefact, JobView
from docmill.values.keys import PUBLIC, original_name

DOCUMENT = typer.Argument(help="Document or job id; the first characters are enough.", metavar="DOCUMENT")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
ANSWER_S = 1.0


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (result, url, export, delete):
        app.command()(command)


def result(what: Annotated[str, DOCUMENT]) -> None:
    """Print the current results JSON of a document."""
    with room() as opened:
        typer.echo(opened.store.read(str(_published(opened, what).results_object)).decode())


def url(
    document: Annotated[str, DOCUMENT],
    artefact: Annotated[str, typer.Argument(help="results, text, redacted or original.", metavar="[ARTEFACT]")] = "results",
    *,
    expires: Annotated[str, typer.Option(help="How long the link works: 90s, 30m, 1h, 7d.", metavar="TIME")] = "1h",
) -> None:
    """Print a signed link to one artefact that anybody can open until it expires."""
    with room() as opened:
        found = _artefact(opened, document, artefact)
        link = opened.store.signed_url(found.object_name, expires=_duration(expires))
    typer.echo(link)
    if not _answers(link):
        typer.echo("docmill: no gateway answers at this address yet; `docmill serve` or `docmill up` starts one", err=True)


def _answers(link: str) -> bool:
    """Whether somebody listens where a link to this machine points; links to elsewhere are not tried."""
    address = urlsplit(link)
    if address.hostname != "127.0.0.1" or address.port is None:
        return True
    try:
        socket.create_connection((address.hostname, address.port), timeout=ANSWER_S).close()
    except OSError:
        return False
    return True


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,9})([smhd])", text.strip())
    if not match or not int(match[1]):
        raise InvalidOptions("--expires: a number with s, m, h or d, such as 1h, at most 7d")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def _published(opened: Room, document: str) -> JobView:
    """The job of a document's current version.

    Raises:
        NotFound: no such document, or nothing was published of it.
    """
    job = documents.current_result(opened.ledger, opened.tenant, document)
    if job is None or job.results_object is None:
        raise NotFound("nothing was published for this document; `docmill status` says why")
    return job


def _artefact(opened: Room, document: str, name: str) -> Artefact:
    job = find_job(opened, document)
    if job is None:
        raise NotFound("no job has this id, no document begins so")
    made = documents.artefacts_of(opened.ledger, opened.tenant, job.document_id)
    known = {a.name: a for a in made if a.prefix == PUBLIC}
    with contextlib.suppress(NotFound):
        known["original"] = _original(opened, job)
    if name not in known:
        raise NotFound(f"this document has no artefact of this name; it has {', '.join(sorted(known))}")
    if name == "original":
        note_look(opened, job, "link", by="local")
    return known[name]


def _original(opened: Room, job: JobView) -> Artefact:
    """The bytes as they came; the command line is run by their owner."""
    sha256 = lookups.sha256_of(opened.ledger, opened.tenant, job.document_id)
    name = original_name(opened.tenant, sha256)
    size_bytes = opened.store.info(name).size_bytes  # one that was too large was not kept
    return Artefact(
        stage="intake", name="original", key=job.document_id, object_name=name, media_type="", size_bytes=size_bytes, sha256=sha256
    )


def export(
    document: Annotated[str, DOCUMENT],
    folder: Annotated[Path, typer.Option("--to", help="Folder to write into.")] = Path("docmill-export"),
) -> None:
    """Copy everything published of a document (results, text, redacted copy) into a folder."""
    with room() as opened:
        job = _published(opened, document)
        published = [a for a in documents.artefacts_of(opened.ledger, opened.tenant, job.document_id) if a.prefix == PUBLIC]
        target = folder / job.document_id
        for artefact in published:
            path = target / f"{artefact.name}.{artefact.object_name.rsplit('.', 1)[-1]}"
            _write(path, opened.store.read(artefact.object_name))
            typer.echo(str(path))


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise InvalidOptions(f"--to: cannot write into this folder ({error.strerror})") from None


def delete(
    document: Annotated[str, DOCUMENT],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    receipt: Annotated[Path | None, typer.Option(help="New file for a signed receipt of the erasure.")] = None,
) -> None:
    """Delete a document with everything made from it: objects, chunks, ledger rows. The audit trail keeps that it happened."""
    with room() as opened:
        job = find_job(opened, document)
        if job is None:
            raise NotFound("no job has this id, no document begins so")
        if not yes:
            typer.confirm(f"Delete document {job.document_id[:12]} and everything made from it?", abort=True, err=True)
        if receipt is not None and receipt.exists():
            raise InvalidOptions("--receipt: there is a file of this name already")
        removed = erase(opened, job.document_id)
        if receipt is not None:
            write_receipt(erasure_receipt(opened, job.document_id, removed), receipt)
    typer.echo(f"deleted {job.document_id}: {removed} objects")
