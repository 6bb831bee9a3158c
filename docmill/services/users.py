"""Users of a tenant: who may look, review, buy, approve. A user's API keys speak for the user (services/api_keys).

Users are disabled, never removed: decisions and approvals name them.
"""

import re
from typing import Final

from docmill.errors import Conflict, InvalidOptions, NotFound
from docmill.storage.ledger import Ledger, users
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.tables_accounts import ROLES
from docmill.storage.ledger.users import UserRow

__all__ = ["LOCAL_USER", "ROLES", "UserRow", "change_role", "create_user", "disable_user", "enable_user", "list_users"]

LOCAL_USER: Final = "local"
"""Whoever sits at the machine: commands and a gateway without keys act as this user, so it is neither disabled nor anything but an admin."""

NAME_LIMIT: Final = 255
AUDIT_STREAM: Final = "users"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


def create_user(ledger: Ledger, tenant: str, user_id: str, role: str, *, name: str = "") -> UserRow:
    """Add a user.

    Args:
        ledger: the open ledger.
        tenant: whose user.
        user_id: 1-32 lower-case letters, digits, dots, dashes, underscores; what decisions and approvals are signed with.
        role: one of ROLES.
        name: for people; the id when empty.

    Raises:
        InvalidOptions: an id, name or role that cannot be.
        Conflict: the id is taken, also by a disabled user.
    """
    if not _ID.fullmatch(user_id):
        raise InvalidOptions("a user's id is 1-32 lower-case letters, digits, dots, dashes and underscores, not beginning with a sign")
    if len(name) > NAME_LIMIT or not (name or user_id).isprintable():
        raise InvalidOptions(f"a user's name is at most {NAME_LIMIT} printable characters")
    _check_role(role)
    at = ledger.now()
    row = UserRow(user_id, name or user_id, role, at, None)
    with ledger.transaction() as conn:
        if users.find(conn, tenant, user_id) is not None:
            raise Conflict("there is a user with this id already")
        users.insert(conn, tenant, row)
        append_event(conn, tenant, AUDIT_STREAM, "user.created", {"user_id": user_id, "role": role}, at=at)
    return row


def list_users(ledger: Ledger, tenant: str) -> list[UserRow]:
    """All users by id, disabled ones too."""
    with ledger.reading() as conn:
        return users.of_tenant(conn, tenant)


def change_role(ledger: Ledger, tenant: str, user_id: str, role: str) -> UserRow:
    """Give a user another role; it counts from the next request on.

    Raises:
        InvalidOptions: no such role.
        NotFound: no such user.
        Conflict: the machine's own user.
    """
    _check_role(role)
    return _change(ledger, tenant, user_id, {"role": role}, "user.role_changed")


def disable_user(ledger: Ledger, tenant: str, user_id: str) -> UserRow:
    """Shut a user out at once, with its keys and sessions.

    Raises:
        NotFound: no such user.
        Conflict: the machine's own user.
    """
    return _change(ledger, tenant, user_id, {"disabled_at": ledger.now()}, "user.disabled")


def enable_user(ledger: Ledger, tenant: str, user_id: str) -> UserRow:
    """Let a disabled user in again, with the keys that are still good.

    Raises:
        NotFound: no such user.
        Conflict: the machine's own user.
    """
    return _change(ledger, tenant, user_id, {"disabled_at": None}, "user.enabled")


def _change(ledger: Ledger, tenant: str, user_id: str, values: dict[str, object], what: str) -> UserRow:
    if user_id == LOCAL_USER:
        raise Conflict("the user `local` is whoever sits at this machine; it stays an admin")
    with ledger.transaction() as conn:
        row = users.change(conn, tenant, user_id, values)
        if row is None:
            raise NotFound("no such user")
        facts = {"user_id": user_id} | ({"role": str(values["role"])} if "role" in values else {})
        append_event(conn, tenant, AUDIT_STREAM, what, facts, at=ledger.now())
        return row


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise InvalidOptions(f"roles are {', '.join(ROLES)}")
