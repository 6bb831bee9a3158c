"""The few Linux calls that Python does not wrap. Numbers from linux/prctl.h. Used inside the child only."""

import ctypes
import signal

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVS = 38


def _prctl(option: int, value: int) -> None:
    # prctl is variadic and reads unsigned longs: unused arguments must be given as zeros
    zero = ctypes.c_ulong(0)
    if ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def die_with_parent() -> None:
    """Be killed when the thread that forked this process ends. The parent must be single-threaded for this to mean its end."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, whatever session it moved to."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def gain_no_privileges() -> None:
    """No set-user-id program started from here gains anything."""
    _prctl(_SET_NO_NEW_PRIVS, 1)
