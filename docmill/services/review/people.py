"""Who may do what in review. A viewer looks; a reviewer and everybody above decides; escalated tasks ask for an approver."""

from collections.abc import Collection

from docmill.errors import NotAllowed
from docmill.storage.ledger import Connection, review_tasks, reviewers, users

LEAST_ROLE = "reviewer"
ASSIGNING_ROLES = frozenset({"approver", "admin"})


def able(conn: Connection, tenant: str, user_id: str, role: str = LEAST_ROLE) -> str:
    """The role of a user who has at least this role.

    Raises:
        NotAllowed: no such user, or of a lesser role.
    """
    found = users.role_of(conn, tenant, user_id)
    if found is None:
        raise NotAllowed("this user is not known here or is disabled")
    if role not in reviewers.roles_up_to(found):
        raise NotAllowed(f"this needs the role {role}; the user is {found}")
    return found


def least_busy(conn: Connection, tenant: str, role: str, *, besides: Collection[str] = ()) -> str | None:
    """The able user with the fewest open tasks; None when there is nobody."""
    load = review_tasks.load_by_user(conn, tenant)
    candidates = [user for user in reviewers.able_users(conn, tenant, role) if user not in besides]
    return min(candidates, key=lambda user: (load.get(user, 0), user), default=None)
