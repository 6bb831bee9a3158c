"""The lease object of a run: the flow process renews it, workers look at it and stop when it is old or says stop.

One small JSON object per run, {"renewed_at": seconds since the epoch, "stop": bool, "dropped": [job ids]}. Of a dropped job nothing new is
begun, the others go on. Ages compare clocks of two machines, so clocks must agree within a few seconds (any NTP will do); the limit is 30 s.
"""

import contextlib
import json
import threading
import time
from collections.abc import Collection

from docmill.errors import DocmillError
from docmill.values.keys import run_prefix
from docmill.values.ports import ObjectStore

LOOK_EVERY_S = 1.0

_SHUTDOWN = threading.Event()


def stop_this_process() -> None:
    """Make every shard that runs in this process stop as if cancelled (the worker is shutting down)."""
    _SHUTDOWN.set()


def write_lease(store: ObjectStore, tenant: str, run_id: str, *, stop: bool, dropped: Collection[str] = ()) -> None:
    """Renew the lease, or ask all workers to stop, or to begin nothing more of the dropped jobs.

    Raises:
        StoreUnavailable: the store did not answer; the lease ages on.
    """
    body = {"renewed_at": time.time(), "stop": stop, "dropped": sorted(dropped)}
    store.replace(f"{run_prefix(tenant, run_id)}/lease.json", json.dumps(body).encode())


class LeaseWatch:
    """Looks at a run's lease, at most once a second, and says whether to stop."""

    def __init__(self, store: ObjectStore, tenant: str, run_id: str, limit_s: float) -> None:
        self._store, self._name, self._limit_s = store, f"{run_prefix(tenant, run_id)}/lease.json", limit_s
        self._renewed_at, self._stop, self._looked = time.time(), False, 0.0
        self._dropped: frozenset[str] = frozenset()

    def should_stop(self) -> bool:
        """Whether the run was stopped, its lease is older than the limit, or this process shuts down."""
        if _SHUTDOWN.is_set() or self._stop:
            return True
        if time.monotonic() - self._looked >= LOOK_EVERY_S:
            self._look()
        return self._stop or time.time() - self._renewed_at > self._limit_s

    def is_dropped(self, job_id: str) -> bool:
        """Whether a job was cancelled by itself, as `should_stop` saw it last."""
        return job_id in self._dropped

    def _look(self) -> None:
        self._looked = time.monotonic()
        # a store that does not answer, or a missing lease, proves nothing: the last renewal seen ages on and decides
        with contextlib.suppress(DocmillError, ValueError, KeyError):
            body = json.loads(self._store.read(self._name))
            self._renewed_at, self._stop = float(body["renewed_at"]), bool(body["stop"])
            self._dropped = frozenset(map(str, body.get("dropped", ())))
