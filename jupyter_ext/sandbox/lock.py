"""One ``up`` or ``down`` at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from jupyter_ext.errors import Conflict
from jupyter_ext.sandbox.wait import until

WAIT_S = 300.0


@asynccontextmanager
async def held(path: Path, holder: str, timeout_s: float = WAIT_S) -> AsyncIterator[int]:
    """Hold a lock file.

    A ``flock``: it ends with the last process that has it open, so a killed holder leaves nothing
    behind, and a child may go on holding it.

    Parameters
    ----------
    holder
        What to write into the file, for others to see.

    Yields
    ------
    int
        The descriptor.

    Raises
    ------
    Conflict
        If somebody else holds it for longer than ``timeout_s`` seconds.
    """
    descriptor = -1

    def taken() -> bool:
        nonlocal descriptor
        # Anew each time: whoever held it may have removed it, and the whole sandbox with it.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if (
            _try(descriptor)
            and path.exists()
            and os.path.samestat(os.fstat(descriptor), path.stat())
        ):
            return True
        os.close(descriptor)
        return False

    if not await until(taken, timeout_s):
        raise Conflict(
            f"Another command works on {path.parent} for more than {timeout_s:.0f} s.",
            hint="Wait until it is done, or end it.",
        )
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        try:
            yield descriptor
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def who(path: Path) -> str:
    """Read what the present holder wrote; empty when nobody holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return "" if _try(descriptor) else os.pread(descriptor, 200, 0).decode()
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
