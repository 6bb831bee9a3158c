"""Finding files to take in: folders, single files and gs:// prefixes.

A flow run may only read below the configured roots: otherwise anybody who can fill the Prefect form could read any file of the worker. The
command line reads what its user can read. Belongs here: listing. Does not belong here: reading bytes (intake).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from docmill.errors import InvalidOptions, NotAllowed, NotFound
from docmill.services.google_source import list_bucket
from docmill.settings import Settings
from docmill.values.jobs import IncomingFile


def checked_sources(sources: Sequence[str], settings: Settings) -> list[str]:
    """The sources, if each lies below a configured root.

    Raises:
        NotAllowed: one does not; the message says which setting names the roots, not the path.
    """
    roots = settings.source_roots
    for source in sources:
        if not any(_is_below(source, root) for root in roots):
            raise NotAllowed("a source lies outside the roots that DOCMILL_SOURCE_ROOTS allows")
    return list(sources)


def _is_below(source: str, root: str) -> bool:
    if source.startswith("gs://") or root.startswith("gs://"):
        return source == root or source.startswith(root.rstrip("/") + "/")
    # resolve both: a link or .. below a root may lead out of it
    return Path(source).resolve().is_relative_to(Path(root).resolve())


def files_of(sources: Sequence[str], settings: Settings) -> Iterator[IncomingFile]:
    """Every file of the sources, folders searched in depth, by name; hidden files and folders are left out.

    Raises:
        NotFound: a path is not there.
        InvalidOptions: a scheme docmill does not read.
    """
    for source in sources:
        if source.startswith("gs://"):
            yield from list_bucket(source, settings)
        elif "://" in source:
            raise InvalidOptions("sources are paths or gs://bucket/prefix")
        else:
            yield from _local(Path(source))


def _local(path: Path) -> Iterator[IncomingFile]:
    if path.is_file():
        yield IncomingFile(str(path.absolute()), path.name, path.stat().st_size)
        return
    if not path.is_dir():
        raise NotFound("a source path is not there")
    for found in sorted(path.rglob("*")):
        inside = found.relative_to(path)
        if found.is_file() and not any(part.startswith(".") for part in inside.parts):
            yield IncomingFile(str(found.absolute()), found.name, found.stat().st_size)
