"""What an answer of the child says. The child is not trusted: everything in an error is checked before it is used."""

from docmill.errors import DocmillError, error_from_code

_MESSAGE_LIMIT = 500
_FACTS_LIMIT = 16
_FACT_LIMIT = 200
_CPU_LIMIT_S = 1e6
_NOT_FACTS = frozenset({"message", "self"})
"""Names that the error's constructor uses itself."""


class ChildBabbles(Exception):
    """The child sent something that is no answer; the message says what, without its text."""


def error_in(answer: dict[str, object]) -> DocmillError | None:
    """The error in an answer, rebuilt by its code; None when it holds a result.

    Raises:
        ChildBabbles: it holds neither.
    """
    if "ok" in answer:
        return None
    match answer.get("error"):
        case {"code": str(code), "message": str(message), "facts": dict(facts)}:
            return error_from_code(code, message[:_MESSAGE_LIMIT], _checked(facts))
        case _:
            raise ChildBabbles("an answer without a result")


def cpu_in(answer: dict[str, object]) -> float:
    """The processor seconds in an answer; 0.0 for what is none."""
    found = answer.get("cpu_s")
    return float(found) if isinstance(found, int | float) and 0 <= found < _CPU_LIMIT_S else 0.0


def _checked(facts: dict[str, object]) -> dict[str, str | float | None]:
    checked: dict[str, str | float | None] = {}
    for name, value in list(facts.items())[:_FACTS_LIMIT]:
        if name in _NOT_FACTS or not name.isidentifier():
            continue
        if isinstance(value, str):
            checked[name] = value[:_FACT_LIMIT]
        elif value is None or isinstance(value, int | float):
            checked[name] = value
    return checked
