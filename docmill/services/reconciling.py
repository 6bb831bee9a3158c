"""Comparing ledger and store: results that no job names, and jobs whose result is gone. Nothing is mended or deleted here; people decide.

Both sides are looked at while work goes on, so a difference is believed only when it is still there after a second look. What Prefect says of
runs is asked by the flow that compares (flows/reconcile.py).
"""

from pydantic import Field

from docmill.services.running.room import Room
from docmill.storage.ledger import named_results
from docmill.values.keys import PUBLIC
from docmill.values.model import Value

NAME_START, NAME_END = "task_", "_results.json"


class Reconciliation(Value):
    """What was compared and what differs.

    Attributes:
        results: how many results objects the ledger names.
        objects: how many lie in the store.
        unnamed_objects: objects that no job names, of jobs that are not under way.
        missing_objects: job id -> results object that it names and that is gone. Earlier versions that were taken back on purpose are left out.
        ended_runs: flow run id -> Prefect's state of it, of runs that Prefect calls over and that hold jobs under a lease that lasts.
    """

    results: int
    objects: int
    unnamed_objects: tuple[str, ...]
    missing_objects: dict[str, str]
    ended_runs: dict[str, str] = Field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not self.unnamed_objects and not self.missing_objects and not self.ended_runs


def reconcile(room: Room) -> Reconciliation:
    """Compare results.

    Raises:
        LedgerUnavailable, StoreUnavailable: one side did not answer.
    """
    kept = {info.name for info in room.store.list(f"{PUBLIC}/{room.tenant}/results/")}
    with room.ledger.reading() as conn:  # after the store: what was published meanwhile is named already, or its job is active
        named = dict(named_results.results_objects(conn, room.tenant))
        active = named_results.active_jobs(conn, room.tenant)
    unnamed = sorted(name for name in kept - named.keys() if _job_of(name) not in active)
    gone = {job_id: name for name, job_id in named.items() if name not in kept and not room.store.exists(name)}
    with room.ledger.reading() as conn:  # erased meanwhile
        still = dict(named_results.results_objects(conn, room.tenant))
        back = named_results.taken_back(conn, room.tenant, list(gone))
    return Reconciliation(
        results=len(named),
        objects=len(kept),
        unnamed_objects=tuple(name for name in unnamed if room.store.exists(name)),
        missing_objects={job_id: name for job_id, name in sorted(gone.items()) if name in still and job_id not in back},
    )


def _job_of(name: str) -> str:
    return name.rsplit("/", 1)[-1].removeprefix(NAME_START).removesuffix(NAME_END)
