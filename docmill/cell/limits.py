"""What a cell is allowed, as one value."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CellLimits:
    """What a cell is allowed.

    Attributes:
        memory_bytes: address space of the serving process, and of each program it starts. Numeric libraries reserve far more than they use:
            below about 1.5 GiB they die while they are imported.
        items: calls after which the process is replaced, so that what leaks stays small.
        deadline_grace_s: how much later than the deadline the kernel ends the process by itself, should the worker be unable to.
        max_reply_bytes: longest answer; big things are written to files that the caller names.
        modules: prefixes of the modules whose functions may be called as verbs.
    """

    memory_bytes: int
    items: int
    deadline_grace_s: float = 2.0
    max_reply_bytes: int = 16 * MIB
    modules: tuple[str, ...] = ("docmill.stages.",)
