"""`Cell`: a warm child process that runs verbs on untrusted bytes, with a deadline, a memory limit and a typed end for everything.

Belongs here: which verbs may run, deadlines and cancellation, when the child is replaced, and the translation of every end into docmill's
errors. Does not belong here: processes and sockets (`process`), what runs inside (`child`, `server`).
"""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeAlias, cast

from pydantic import JsonValue

from docmill.cell.answers import ChildBabbles, cpu_in, error_in
from docmill.cell.limits import MIB, CellLimits
from docmill.cell.process import ChildClosed, ChildProcess
from docmill.cell.server import MEMORY_EXIT
from docmill.errors import Cancelled, MillingError, NotAllowed, ParserDied, StageFailed, TimedOut

JsonArgument: TypeAlias = "bool | int | float | str | Sequence[JsonArgument] | Mapping[str, JsonArgument] | None"
"""What may be handed to a verb: a JsonValue, but list[str] and dict[str, int] are welcome too."""

_START_LIMIT_S = 30.0
_GLANCE_S = 0.25
_PATIENCE_S = 0.25
_LONGEST_S = 7 * 24 * 3600.0
_VERB = re.compile(r"[a-z_]\w*(\.[a-z_]\w*)*:[a-z]\w*")


def never() -> bool:
    """The `should_stop` of a caller that never stops."""
    return False


class Cell:
    """One child process at a time, started when first needed and replaced when it is lost or has served its items.

    Calls from several threads wait for one another; use `thread_cell` to have one per thread.

    Args:
        limits: what the child is allowed.
    """

    def __init__(self, limits: CellLimits) -> None:
        self.limits = limits
        self.starts = 0
        self.cpu_s = 0.0  # of all calls that were answered
        self._process: ChildProcess | None = None
        self._lock = threading.Lock()
        self._lock_pid = os.getpid()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_process"):
            self.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    @property
    def pid(self) -> int | None:
        """The serving process's pid; None before the first call and after a loss."""
        return self._process.pid if self._process else None

    @property
    def guardian_pid(self) -> int | None:
        """The pid of the process that cleans up after the serving one."""
        return self._process.guardian_pid if self._process else None

    def call(self, verb: str, *args: JsonArgument, deadline_s: float, should_stop: Callable[[], bool] = never) -> JsonValue:
        """Run a verb in the child.

        Args:
            verb: "module:function" in one of `limits.modules`.
            args: positional arguments, JSON values.
            deadline_s: seconds the verb may take, counted from when a child is ready. Then the child is killed, with all it started.
            should_stop: looked at twice a second or more often, also before the start; True cuts the item the same way.

        Returns:
            What the verb returned.

        Raises:
            TimedOut: the deadline passed.
            Cancelled: `should_stop` said so, or the cell was closed meanwhile.
            ParserDied: the child crashed, exited, ran out of memory, or sent no proper answer.
            StageFailed: an exception that is not docmill's own; the message names its type and place. Also: the child cannot be started.
            NotAllowed: the verb is not in an allowed module.
            DocmillError: any other that the verb raised itself.
            TypeError, ValueError: an argument is not JSON, or the deadline is no positive number.
        """
        if not _VERB.fullmatch(verb) or not verb.startswith(self.limits.modules):
            raise NotAllowed("a cell runs functions of its allowed modules only")
        if not deadline_s > 0:
            raise ValueError("a deadline is a positive number of seconds")
        with self._own_lock():
            process = self._ready(should_stop)
            limit_s = min(deadline_s, _LONGEST_S) + self.limits.deadline_grace_s
            try:
                answer = process.ask(verb, args, limit_s, _ticker(deadline_s, should_stop, _too_late(deadline_s)))
                error = error_in(answer)
                self.cpu_s += cpu_in(answer)
            except ChildClosed:
                raise self._loss(self._drop(_PATIENCE_S), deadline_s) from None
            except ChildBabbles as babble:
                self._drop()
                raise ParserDied(f"the parsing process sent {babble}") from None
            except BaseException:
                self._drop()
                raise
        if error is not None:
            raise error
        return cast("JsonValue", answer["ok"])  # it was decoded from JSON, so it is JSON

    def close(self) -> None:
        """End the child for good; a call that runs in another thread ends with `Cancelled`."""
        self._is_closed = True
        if self._process is not None:
            self._process.end()
        lock = self._own_lock()
        if lock.acquire(blocking=False):  # else the caller who holds it sees its child end and drops it
            try:
                self._drop()
            finally:
                lock.release()

    def _own_lock(self) -> threading.Lock:
        """The lock; a new one in a process that was forked while another thread may have held it."""
        if self._lock_pid != os.getpid():
            self._lock, self._lock_pid = threading.Lock(), os.getpid()
        return self._lock

    def _drop(self, patience_s: float = 0.0) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        exit_code = process.end(patience_s)
        process.release()
        return exit_code

    def _ready(self, should_stop: Callable[[], bool]) -> ChildProcess:
        """The child to ask: the warm one unless it is another process's, used up, or died since."""
        if self._is_closed:
            raise Cancelled("the cell is closed")
        if should_stop():
            raise Cancelled("stopped before the start")
        process = self._process
        if process is not None and process.is_mine and process.calls < self.limits.items and process.is_silent:
            return process
        self._drop()
        return self._start(should_stop)

    def _start(self, should_stop: Callable[[], bool]) -> ChildProcess:
        try:
            process = self._process = ChildProcess(self.limits)
        except OSError as error:
            raise StageFailed("the machine refused a new parsing process", errno=error.errno) from None
        self.starts += 1
        if self._is_closed:  # by another thread, which may not have seen this child
            process.end()
        try:
            process.greet(_ticker(_START_LIMIT_S, should_stop, StageFailed(f"the parsing process did not start in {_START_LIMIT_S:g} s")))
        except (ChildClosed, ChildBabbles):
            how = _in_words(self._drop(_PATIENCE_S))
            if self._is_closed:
                raise Cancelled("the cell was closed") from None
            raise StageFailed(f"the parsing process did not start: {how}") from None
        except BaseException:
            self._drop()
            raise
        return process

    def _loss(self, exit_code: int | None, deadline_s: float) -> MillingError:
        """The error for a child that closed its socket without an answer."""
        if self._is_closed:
            return Cancelled("the cell was closed")
        if exit_code == -signal.SIGALRM:
            return _too_late(deadline_s)
        if exit_code == MEMORY_EXIT:
            limit_mib = self.limits.memory_bytes // MIB
            return ParserDied(f"the parsing process ran out of memory; its limit is {limit_mib} MiB", limit_bytes=self.limits.memory_bytes)
        return ParserDied(f"the parsing process ended: {_in_words(exit_code)}", exit_code=exit_code)


def _too_late(deadline_s: float) -> TimedOut:
    return TimedOut(f"no result after {deadline_s:g} s", deadline_s=deadline_s)


def _ticker(limit_s: float, should_stop: Callable[[], bool], too_late: MillingError) -> Callable[[], float]:
    """What looks at clock and stop flag while a thread waits; gives the longest wait until the next look, in seconds."""
    end = time.monotonic() + limit_s
    next_glance = time.monotonic() + _GLANCE_S

    def tick() -> float:
        nonlocal next_glance
        now = time.monotonic()
        if now >= end:
            raise too_late
        if now >= next_glance:
            next_glance = now + _GLANCE_S
            if should_stop():
                raise Cancelled("stopped while running")
        return max(0.0005, min(end, next_glance) - now)

    return tick


def _in_words(exit_code: int | None) -> str:
    if exit_code is None:
        return "nobody saw how"
    if exit_code >= 0:
        return f"exit code {exit_code}"
    known = {int(one): one.name for one in signal.Signals}  # real-time signals have no name
    return f"killed by {known.get(-exit_code, f'signal {-exit_code}')}"
