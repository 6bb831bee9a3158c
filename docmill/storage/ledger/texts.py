"""Text as both databases take it."""

from typing import Any


def storable(text: str) -> str:
    """The text without what a database refuses.

    PostgreSQL takes no NUL; file names that are not UTF-8 come with lone surrogates (PEP 383), which neither database takes.
    """
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def storable_json(value: Any) -> Any:
    """The JSON value with all its texts and names storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(name)): storable_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(part) for part in value]
    return value
