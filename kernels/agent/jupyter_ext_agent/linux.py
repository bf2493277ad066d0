"""What the agent asks of the operating system beyond Python's own modules; nothing elsewhere."""

import os
import signal
from typing import Any, Callable, Optional

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
"""Of <linux/prctl.h>."""


def become_subreaper() -> bool:
    """Inherit grandchildren whose parents ended, so that they can be found and ended too."""
    prctl = _prctl()
    return prctl is not None and prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def die_with_parent() -> Optional[Callable[[], None]]:
    """Make what a child calls before it runs its program, so that it never outlives its parent.

    It has to be made before the fork: a child of a process with threads may not import.
    """
    prctl = _prctl()
    if prctl is None:
        return None
    parent = os.getpid()

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return in_child


def _prctl() -> Any:
    try:
        import ctypes

        return ctypes.CDLL(None, use_errno=True).prctl
    except (ImportError, OSError, AttributeError):
        return None
