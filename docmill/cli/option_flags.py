"""Command-line flags generated from MillOptions, so that every option exists once; flags that take one of some values."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Annotated, Any, get_args

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from docmill.errors import InvalidOptions
from docmill.services.settled_options import default_language
from docmill.settings import settings
from docmill.values.options import DEFAULT_ENTITIES, KNOWN_ENTITIES, MillOptions

EXTRA_ENTITIES = [name for name in KNOWN_ENTITIES if name not in DEFAULT_ENTITIES]
MORE_HELP = {"entities": f"Comma-separated or repeated; known are {', '.join(KNOWN_ENTITIES)}."}
"""What a flag's help says beyond the option's description."""


def with_mill_options(command: Callable[..., None], *, only: tuple[str, ...] = ()) -> Callable[..., None]:
    """A command whose `options: MillOptions` argument is replaced by one flag per option.

    Args:
        command: takes `options` by keyword.
        only: names of the options to offer; all when empty.
    """
    names = [n for n, field in MillOptions.model_fields.items() if (not only or n in only) and not field.json_schema_extra]

    @wraps(command)
    def flagged(**given: Any) -> None:
        asked = {name: given.pop(name) for name in names}
        command(**given, options=options_from({name: value for name, value in asked.items() if value is not None}))

    own = [p for name, p in inspect.signature(command).parameters.items() if name != "options"]
    flags = [_flag(name, MillOptions.model_fields[name]) for name in names]
    flagged.__signature__ = inspect.Signature([*own, *flags])  # type: ignore[attr-defined] # Typer reads the signature, functions may carry one
    flagged.__annotations__ = {p.name: p.annotation for p in (*own, *flags)}
    return flagged


def options_from(asked: dict[str, Any]) -> MillOptions:
    """Options from flags; the default language comes from the settings.

    Raises:
        InvalidOptions: a value is not known; the message names the option and the known values.
        SettingsInvalid: the default language is not known.
    """
    if "entities" in asked:
        asked["entities"] = tuple(part for value in asked["entities"] for part in value.split(",") if part.strip())
        if not asked["entities"]:
            raise InvalidOptions(f"--entities: names at least one of {', '.join(KNOWN_ENTITIES)}")
    said = {} if "language" in asked else {"language": default_language(settings())}
    try:
        return MillOptions(**said, **asked)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidOptions(f"{_words(str(first['loc'][0]))}: {first['msg'].removeprefix('Value error, ')}") from None


def one_of(flag: str, known: Iterable[str], description: str) -> Any:
    """A Typer option that takes one of some words; another one is an `invalid_options` that names them."""
    words = list(known)

    def parse(given: str) -> str:
        if given not in words:
            raise InvalidOptions(f"{flag}: known are {', '.join(words)}")
        return given

    return typer.Option(flag, help=description, parser=parse, metavar="|".join(words))


def _words(name: str) -> str:
    return "--" + name.replace("_", "-")


def _choices(annotation: Any) -> list[str]:
    """The words an option may be, also where any other name may stand beside them: then NAME is the last."""
    parts = get_args(annotation)
    named = [word for part in parts for word in get_args(part) if isinstance(word, str)]
    return [*named, "NAME"] if named else [word for word in parts if isinstance(word, str)]


def _flag(name: str, field: FieldInfo) -> inspect.Parameter:
    # values arrive as text and are judged by MillOptions alone, so that a bad one has the same code and words at every border
    flag, default = _words(name), "DOCMILL_LANGUAGE, else en" if name == "language" else str(field.default)
    words = f"{field.description} {MORE_HELP.get(name, '')}".rstrip()
    choices = _choices(field.annotation)
    annotation: Any
    if field.annotation is bool:
        off = f"/--no-{flag[2:]}" if field.default else ""
        annotation = Annotated[bool | None, typer.Option(flag + off, help=words)]
    elif name == "entities":
        annotation = Annotated[
            list[str] | None, typer.Option(flag, help=f"{words}  [default: all but {', '.join(EXTRA_ENTITIES)}]", metavar="TYPE,...")
        ]
    else:
        metavar = "|".join(choices) or ("0.0-1.0" if field.annotation is float else "WORD")
        annotation = Annotated[str | None, typer.Option(flag, help=f"{words}  [default: {default}]", metavar=metavar)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
