"""Command-line flags generated from MillOptions, so that every option exists once."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_args

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from docmill.errors import InvalidOptions
from docmill.settings import settings
from docmill.values.options import MillOptions


def with_mill_options(command: Callable[..., None], *, only: tuple[str, ...] = ()) -> Callable[..., None]:
    """A command whose `options: MillOptions` argument is replaced by one flag per option.

    Args:
        command: takes `options` by keyword.
        only: names of the options to offer; all when empty.
    """
    names = [n for n in MillOptions.model_fields if not only or n in only]

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
    """
    if "entities" in asked:
        asked["entities"] = tuple(part for value in asked["entities"] for part in value.split(",") if part)
        if not asked["entities"]:
            del asked["entities"]
    try:
        return MillOptions(**{"language": settings().language, **asked})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidOptions(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg'].removeprefix('Value error, ')}") from None


def _flag(name: str, field: FieldInfo) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    choices = [c for c in get_args(field.annotation) if isinstance(c, str)]
    words = f"{field.description} [{'|'.join(choices)}]" if choices else str(field.description)
    annotation: Any
    if field.annotation is bool:
        off = f"/--no-{name.replace('_', '-')}" if field.default else ""
        annotation = Annotated[bool | None, typer.Option(flag + off, help=words, show_default=str(field.default))]
    elif name == "entities":
        annotation = Annotated[list[str] | None, typer.Option(flag, help=f"{words} Comma-separated or repeated.")]
    else:
        kind = float if field.annotation is float else str
        annotation = Annotated[kind | None, typer.Option(flag, help=words, show_default=str(field.default))]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
