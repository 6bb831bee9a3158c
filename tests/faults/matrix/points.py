"""Named points of the pipeline at which a process stops and says so, so that a fault can be laid at exactly that point, provably.

The harness arms one point by a file. The first process that comes to it notes who it is and where, and waits until the harness lets it go: only
then is the fault in place. A process that was killed there never goes on; one that was stopped goes on when it is woken. Everything else of docmill
is as it is; OCR is replaced by a no-op (benchmarks/noop_preload.py) where it isn't the point.
"""

import contextlib
import functools
import json
import os
import time
from pathlib import Path

HELD_S = 20.0
"""No point is held longer, so that a harness that died leaves nothing hanging."""

POINTS = {
    "stored": "gateway: the bytes are in the store, the ledger does not know of them, the client waits",
    "accepted": "dispatcher: accepted, about to start a flow run",
    "claimed": "flow: jobs claimed, nothing sent",
    "reading": "Dask worker: a page is begun, no artefact yet",
    "kept": "Dask worker: artefact and receipt are kept, the outcome is not noted",
    "folding": "flow: outcomes are back, the ledger does not know of them",
    "publishing": "Dask worker: the results are in the store, no receipt yet",
    "ending": "flow: all is done, the ledger does not know that the jobs are over",
    "ended": "flow: the jobs are over, the batch is not",
    "delivering": "gateway: the receiver has heard, the ledger does not know",
}


class Control:
    """The folder through which harness and processes speak."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _armed(self) -> dict:
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.folder / "armed.json").read_text())
        return {}

    def meet(self, point: str) -> None:
        """In a process that is at a point: hold if it is armed and nobody was here before."""
        armed = self._armed()
        if armed.get("point") != point:
            return
        note = self.folder / f"{armed['cell']}.reached"
        part = note.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps({"point": point, "pid": os.getpid(), "at": time.time()}))
        try:
            os.link(part, note)  # whole, or not at all
        except FileExistsError:
            return
        finally:
            part.unlink()
        until = time.monotonic() + HELD_S
        while time.monotonic() < until and not (self.folder / f"{armed['cell']}.go").exists():
            time.sleep(0.01)

    def arm(self, cell: str, point: str) -> None:
        part = self.folder / "armed.part"
        part.write_text(json.dumps({"cell": cell, "point": point}))
        part.replace(self.folder / "armed.json")

    def disarm(self) -> None:
        (self.folder / "armed.json").unlink(missing_ok=True)

    def reached(self, cell: str) -> dict | None:
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.folder / f"{cell}.reached").read_text())
        return None

    def let_go(self, cell: str) -> None:
        (self.folder / f"{cell}.go").touch()

    def store_fault(self) -> str:
        with contextlib.suppress(OSError):
            return (self.folder / "store.fault").read_text()
        return ""

    def set_store_fault(self, kind: str) -> None:
        place = self.folder / "store.fault"
        if kind:
            place.with_suffix(".part").write_text(kind)
            place.with_suffix(".part").replace(place)
        else:
            place.unlink(missing_ok=True)


CONTROL = Control(Path(os.environ.get("DOCMILL_MATRIX", "/nonexistent")))


def before(owner, name, point, when=lambda *_, **__: True):
    """Let a function of a module or class meet a point before it does its work."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def met(*args, **kwargs):
        if when(*args, **kwargs):
            CONTROL.meet(point)
        return real(*args, **kwargs)

    setattr(owner, name, met)


def after(owner, name, point, when=lambda *_, **__: True):
    """As `before`, when the work is done."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def met(*args, **kwargs):
        answer = real(*args, **kwargs)
        if when(*args, **kwargs):
            CONTROL.meet(point)
        return answer

    setattr(owner, name, met)


def in_gateway():
    from docmill.services import uploads
    from docmill.services.webhooks_sending import WebhookChannel

    before(uploads, "_registered", "stored")
    after(WebhookChannel, "deliver", "delivering")


def in_dispatcher():
    from docmill.services.dispatch_prefect import PrefectCalls

    before(PrefectCalls, "start", "accepted")


def in_flow():
    from docmill.services import jobs
    from docmill.services.running.run import BatchRun

    before(BatchRun, "first_shards", "claimed")
    before(jobs, "fold_outcomes", "folding", when=lambda *_, outcomes, **__: any(o.stage == "understand" for o in outcomes))
    before(jobs, "finish_jobs", "ending")
    after(jobs, "finish_jobs", "ended")


def in_worker():
    from docmill.services.milling import work

    real = work.STAGE_WORK

    def at(stage, *, early, late):
        make = real[stage].make

        def met(bench, items):
            CONTROL.meet(early) if early else None
            made = make(bench, items)
            CONTROL.meet(late) if late else None
            return made

        return met

    import dataclasses

    points = {"read": ("reading", ""), "publish": ("", "publishing")}
    work.STAGE_WORK = {
        name: dataclasses.replace(one, make=at(name, early=points[name][0], late=points[name][1])) if name in points else one
        for name, one in real.items()
    }
    after(work, "keep_receipt", "kept", when=lambda _, shard, *__: shard.stage == "understand")


def in_store():
    """Let the folder store of this process be slow, away, hung or full when the harness says so; everything else of it is real."""
    from docmill.errors import StoreUnavailable
    from docmill.storage.objects.local import LocalStore

    def meet(name):
        kind = CONTROL.store_fault()
        if kind == "slow":
            time.sleep(0.1)
        elif kind == "stop":
            until = time.monotonic() + HELD_S
            while time.monotonic() < until and CONTROL.store_fault() == "stop":
                time.sleep(0.02)
        elif kind == "kill":
            raise StoreUnavailable("on purpose: away")
        elif kind == "full" and name in {"create", "create_from", "replace"}:
            raise StoreUnavailable("the store's folder cannot be used: ENOSPC", reason="ENOSPC")

    def wrapped(name, real):
        @functools.wraps(real)
        def call(*args, **kwargs):
            meet(name)
            return real(*args, **kwargs)

        return call

    for name in ("create", "create_from", "replace", "read", "fetch", "exists", "delete", "list"):
        setattr(LocalStore, name, wrapped(name, getattr(LocalStore, name)))
