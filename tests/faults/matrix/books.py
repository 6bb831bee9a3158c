"""The invariants: what must hold after every cell, whatever was killed, stopped, slowed or full. Each check gives sentences about what does not hold."""

from collections import Counter

import sqlalchemy as sa

ANSWER_S = 20
FINAL = ("completed", "partial", "needs_review", "failed", "cancelled")
ALL_STATES = ("accepted", "running", "cancelling", *FINAL)
_FINAL_KINDS = ", ".join(f"'job.{state}'" for state in FINAL)


class Books:
    """Looks at the ledger, the store and the receiver from outside, with SQL of its own.

    Args:
        url: of the ledger.
        store: the object store.
        receiver: who was told (matrix.receiver).
    """

    def __init__(self, url, store, receiver):
        # a ledger that stands still must not hold the harness that is to wake it
        self._engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"timeout": ANSWER_S})
        self._store, self._receiver = store, receiver

    def rows(self, query):
        with self._engine.connect() as conn:
            return conn.execute(sa.text(query)).all()

    def in_flight(self):
        """What is under way now, by kind; nothing when all is over and told."""
        (active,) = self.rows("SELECT count(*) FROM jobs WHERE state IN ('accepted', 'running', 'cancelling')")[0]
        (batches,) = self.rows("SELECT count(*) FROM batches WHERE submitted_by = 'dispatcher' AND finished_at IS NULL")[0]
        (messages,) = self.rows("SELECT count(*) FROM outbox WHERE delivered_at IS NULL")[0]
        return {k: v for k, v in {"jobs": active, "batches": batches, "messages": messages}.items() if v}

    def is_quiet(self, jobs):
        """Whether so many jobs are known and all over, all batches closed, and everybody was told."""
        (known,) = self.rows("SELECT count(*) FROM jobs")[0]
        return known >= jobs and not self.in_flight()

    def oldest_lease_s(self):
        """For how many seconds the oldest lease of an open attempt has been over: somebody should have taken the job over; 0 where none is over."""
        (age,) = self.rows(
            "SELECT max(extract(epoch FROM now() - coalesce(r.lease_until, a.lease_until))) FROM attempts a"
            " LEFT JOIN run_leases r USING (tenant_id, flow_run_id) WHERE a.ended_at IS NULL"
        )[0]
        return max(0.0, float(age or 0.0))

    def violations(self, *, accepted, uploaded, with_fault):
        """Everything that does not hold.

        Args:
            accepted: task ids that clients were given.
            uploaded: how many different documents were uploaded.
            with_fault: whether messages may come twice.
        """
        return [
            *self._jobs(accepted, uploaded),
            *self._versions(),
            *self._leases(),
            *self._messages(with_fault=with_fault),
            *self._orders(),
        ]

    def _jobs(self, accepted, uploaded):
        states = dict(self.rows("SELECT job_id, state FROM jobs"))
        (ever,) = self.rows("SELECT count(*) FROM audit_events WHERE kind = 'job.accepted'")[0]
        counted = Counter(states.values())
        ends = Counter(job for (job,) in self.rows(f"SELECT facts->>'job_id' FROM audit_events WHERE kind IN ({_FINAL_KINDS})"))  # noqa: S608 - constants
        if lost := [job for job in accepted if job not in states]:
            yield f"{len(lost)} accepted jobs are unknown"
        if open_jobs := [job for job, state in states.items() if state not in FINAL]:
            yield f"{len(open_jobs)} jobs are in no final state"
        if wrong := [job for job in states if ends[job] != 1]:
            yield f"{len(wrong)} jobs have not exactly one final state"
        if ever != sum(counted[state] for state in ALL_STATES):
            yield f"the books do not balance: {ever} accepted, {dict(counted)}"
        if len(states) != uploaded:
            yield f"{uploaded} documents were uploaded, there are {len(states)} jobs"

    def _versions(self):
        rows = self.rows(
            "SELECT j.job_id, count(v.version_id), bool_or(d.current_version_id = v.version_id), min(v.results_object) FROM jobs j"
            " JOIN documents d USING (tenant_id, document_id) LEFT JOIN result_versions v USING (tenant_id, job_id)"
            " WHERE j.state IN ('completed', 'partial', 'needs_review') GROUP BY j.job_id"
        )
        if wrong := [job for job, count, is_current, _ in rows if count != 1 or not is_current]:
            yield f"{len(wrong)} jobs have not exactly one current result version"
        if gone := [job for job, _, _, name in rows if name and not self._store.exists(name)]:
            yield f"{len(gone)} results are not in the store"

    def _leases(self):
        (held,) = self.rows("SELECT count(*) FROM attempts WHERE ended_at IS NULL")[0]
        if held:
            yield f"{held} attempts are held after everything is over"

    def _messages(self, *, with_fault):
        jobs = {job for (job,) in self.rows("SELECT job_id FROM jobs")}
        told = self._receiver.by_job()
        if wrong := [job for job in jobs if len(told.get(job, {})) != 1]:
            yield f"{len(wrong)} jobs were told under no id or several"
        if not with_fault and any(times != 1 for ids in told.values() for times in ids.values()):
            yield "a message came twice without a fault"

    def _orders(self):
        numbers = sorted(n for (n,) in self.rows("SELECT sequence FROM purchase_orders"))
        last = [n for (n,) in self.rows("SELECT last FROM purchase_sequences")] or [0]
        if numbers != list(range(1, len(numbers) + 1)) or last[0] != len(numbers):
            yield f"order numbers have gaps: {len(numbers)} orders up to {numbers[-1:]}, the next is {last[0] + 1}"
