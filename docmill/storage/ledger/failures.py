"""What an error of the database means to docmill. No statement, parameter or value of a row ever enters a message.

PostgreSQL names its errors by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html); sqlite3 by class and text, and its
texts of constraint errors hold table and column names only.
"""

import sqlalchemy.exc as sa_errors

from docmill.errors import Conflict, DocmillError, LedgerOutdated, LedgerUnavailable, StageFailed

_INTEGRITY = ("23",)
_NO_SUCH_TABLE = ("42P01", "42703")
_ANOTHER_TRY = ("08", "40", "53", "55", "57", "58")
"""Connection lost, serialisation or deadlock, out of resources, lock not available, shut down, I/O."""

_STATEMENT_AT_FAULT = "SQLITE_ERROR"
"""sqlite3 raises OperationalError for a bad statement too; trying again would not help."""


def translated(error: sa_errors.SQLAlchemyError | OSError) -> DocmillError:
    """The docmill error for an error of SQLAlchemy or its driver. Raise it `from None`: the original's text may hold values of rows."""
    original = getattr(error, "orig", None)
    state = _sqlstate(original)
    name = state or type(original or error).__name__
    if isinstance(error, sa_errors.IntegrityError) or state.startswith(_INTEGRITY):
        return Conflict(f"the ledger refuses the change ({_constraint(original)})")
    if state in _NO_SUCH_TABLE or "no such table" in str(original) or "no such column" in str(original):
        return LedgerOutdated("a table or column is missing from the ledger")
    if _is_worth_another_try(error, state):
        return LedgerUnavailable(f"the ledger does not answer ({name})")
    return StageFailed(f"the ledger cannot run a statement ({name})")


def _is_worth_another_try(error: sa_errors.SQLAlchemyError | OSError, state: str) -> bool:
    if state == _STATEMENT_AT_FAULT:
        return False
    if isinstance(error, sa_errors.DBAPIError) and error.connection_invalidated:
        return True
    outside = (OSError, sa_errors.OperationalError, sa_errors.InterfaceError, sa_errors.TimeoutError)
    return isinstance(error, outside) or state.startswith(_ANOTHER_TRY)


def _fields(original: BaseException | None) -> dict[str, str]:
    """The error fields that pg8000 hands over as a dict (C: SQLSTATE, n: constraint, t: table)."""
    first = original.args[0] if original is not None and original.args else None
    return first if isinstance(first, dict) else {}


def _sqlstate(original: BaseException | None) -> str:
    """PostgreSQL's SQLSTATE, or the name of sqlite3's error code; empty when there is neither."""
    return _fields(original).get("C", "") or str(getattr(original, "sqlite_errorname", ""))


def _constraint(original: BaseException | None) -> str:
    if fields := _fields(original):
        return fields.get("n") or fields.get("C", "")
    return str(original)
