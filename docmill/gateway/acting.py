"""Who acts: routes that keep the name of whoever asks take it from here. The user behind the key, or whoever sits at the machine."""

from typing import Final

from fastapi import Request

from docmill.services.users import LOCAL_USER

USER_KEY: Final = "docmill.user"
"""Where `Access` leaves the user's id in the request's scope; without keys it is not there."""


def acting_user(request: Request) -> str:
    """The id of the user who asks."""
    return str(request.scope.get(USER_KEY, LOCAL_USER))
