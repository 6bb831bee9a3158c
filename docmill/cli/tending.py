"""Watching the parts of the embedded set while they run: what ends by itself is started again, a few times.

Without Prefect's server or worker nothing is lost: uploads wait in the ledger, and what was milled when they went is taken up again by leases.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import typer

from docmill.cli.keeper import reap
from docmill.cli.parts import LOOK_EVERY_S, Part
from docmill.errors import ClusterLost

MOST_RESTARTS: Final = 5
WITHIN_S: Final = 600.0
"""So many restarts in so long, all parts together; then something is broken that no restart mends."""


def tend(parts: dict[str, Part], again: Mapping[str, Callable[[], Part]], stop: threading.Event) -> None:
    """Watch until `stop` is set.

    Args:
        parts: what runs, by name, in the order in which they need one another; a restarted one takes its place.
        again: how to start a part anew; one that is not here ends the set when it ends.
        stop: set by signals.

    Raises:
        ClusterLost: a part ended that cannot be started again, or too many did; the message names it and its log.
    """
    ends: deque[float] = deque(maxlen=MOST_RESTARTS)
    while not stop.wait(LOOK_EVERY_S):
        for name, part in list(parts.items()):
            if part.process.poll() is None:
                continue
            # a keeper that was killed leaves its part behind, on its port; one that ended in order has left nothing
            is_mendable = name in again and part.process.returncode >= 0
            if not is_mendable or (len(ends) == MOST_RESTARTS and time.monotonic() - ends[0] < WITHIN_S):
                raise ClusterLost(f"the {part.name} ended by itself; {part.log} has what it said")
            ends.append(time.monotonic())
            typer.echo(f"The {part.name} ended by itself and is started again; {part.log} has what it said.", err=True)
            parts[name] = again[name]()
        reap(*(part.process for part in parts.values()))
