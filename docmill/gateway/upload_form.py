"""From form fields to options: texts become MillOptions, labels and metadata; what docmill does not know is refused by name."""

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from docmill.errors import InvalidOptions
from docmill.services.uploads import Said
from docmill.values.options import MillOptions

SAID_FIELDS: Final = ("tags", "collection", "metadata", "password")
URI: Final = "uri"
LISTS: Final = ("entities", "tags")
KNOWN: Final = (URI, *MillOptions.model_fields, *SAID_FIELDS)
MOST_TAGS: Final = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What the fields of an upload ask for; `uris` are objects to fetch beside the files that were sent."""

    options: MillOptions
    said: Said
    uris: tuple[str, ...] = ()


def read_fields(fields: list[tuple[str, str]]) -> Asked:
    """Check all fields of an upload.

    `entities` and `tags` are lists: repeated fields, or one with commas. Empty fields count as not given. A password may end with a line end, as
    `curl -F "password=<file"` sends it.

    Raises:
        InvalidOptions: a field or a value is unknown; the message lists the known ones.
    """
    given: dict[str, list[str]] = {}
    for name, value in fields:
        if name not in KNOWN:
            raise InvalidOptions(f"an unknown field; known are file, {', '.join(KNOWN)}")
        if value.strip():
            given.setdefault(name, []).append(value.removesuffix("\n").removesuffix("\r") if name == "password" else value.strip())
    uris = tuple(given.pop(URI, ()))
    options: dict[str, str | list[str]] = {}
    for name, values in given.items():
        if name in LISTS:
            options[name] = [part.strip() for value in values for part in value.split(",") if part.strip()]
        elif len(values) > 1:
            raise InvalidOptions(f"{name} is given more than once")
        else:
            options[name] = values[0]
    tags, collection, metadata, password = (options.pop(name, None) for name in SAID_FIELDS)
    if tags and len(tags) > MOST_TAGS:
        raise InvalidOptions(f"more than {MOST_TAGS} tags")
    said = Said(
        tags=tuple(tags or ()),
        collection=str(collection) if collection else None,
        metadata=_metadata(str(metadata)) if metadata else None,
        password=SecretStr(str(password)) if password else None,
    )
    return Asked(_options(options), said, uris)


def _options(given: dict[str, str | list[str]]) -> MillOptions:
    try:
        return MillOptions.model_validate(given)
    except ValidationError as error:
        told = "; ".join(f"{e['loc'][0]}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors(include_input=False))
        raise InvalidOptions(told) from None


def _metadata(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidOptions("metadata is not JSON") from None
    if not isinstance(found, dict):
        raise InvalidOptions("metadata is a JSON object")
    return found
