"""An incident is told once: what people were told of is noted until the part does its work again. A file in the home, because the ledger may be broken.

Where the note cannot be written (a full disk), people are told each time. Belongs here: whether somebody is told. Does not belong here: how.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from docmill.services.notifying import tell
from docmill.settings import Settings

log = logging.getLogger(__name__)

NOT_LOOKED = "alarm"
"""Named as broken when the look itself failed: then nobody knows how the parts are."""


def tell_once(found: Settings, event_id: str, broken: Mapping[str, str]) -> bool:
    """Tell what is broken if a part is among it that people have not been told of; returns whether they were told now.

    Args:
        found: the settings.
        event_id: the same for the same event.
        broken: part -> what is wrong with it.
    """
    place = _place(found)
    known = _known(place)
    is_new = bool(broken.keys() - known)
    is_told = is_new and tell(found, "health.failed", event_id, broken)
    # what is not broken any more is left out, so it is told when it breaks again; what nobody took is tried again
    parts = (broken.keys() if is_told else broken.keys() & known) | (known if NOT_LOOKED in broken else set())
    try:
        place.write_text(json.dumps(sorted(parts)), encoding="ascii")
    except OSError as error:
        log.warning("what people were told of cannot be noted (%s): they are told again", type(error).__name__)
    return is_told


def all_is_well(found: Settings) -> None:
    """Whatever breaks from now on is told."""
    with suppress(OSError):
        _place(found).unlink(missing_ok=True)


def _place(found: Settings) -> Path:
    return found.home / "incident.json"


def _known(place: Path) -> set[str]:
    with suppress(OSError, ValueError, TypeError):
        return set(json.loads(place.read_text(encoding="ascii")))
    return set()
