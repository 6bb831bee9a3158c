"""Which state of a job may follow which."""

from types import MappingProxyType

from docmill.values.jobs import FINAL_STATES, JobState

ACTIVE_STATES: tuple[JobState, ...] = (JobState.ACCEPTED, JobState.RUNNING, JobState.CANCELLING)
"""States in which a job is not over."""

HELD_STATES: tuple[JobState, ...] = (JobState.RUNNING, JobState.CANCELLING)
"""States in which an attempt may be under way."""

GOOD_STATES: tuple[JobState, ...] = (JobState.COMPLETED, JobState.PARTIAL, JobState.NEEDS_REVIEW)
"""Final states that left a result."""

_FOLLOWERS: MappingProxyType[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.ACCEPTED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELLED}),
        JobState.RUNNING: frozenset({JobState.CANCELLING, *FINAL_STATES}),
        JobState.CANCELLING: frozenset(FINAL_STATES),
    },
)


def may_follow(old: JobState, new: JobState) -> bool:
    """Whether a job in state `old` may be put into state `new`."""
    return new in _FOLLOWERS.get(old, frozenset())
