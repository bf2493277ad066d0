"""One ``up`` or ``down`` at a time."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from jupyter_ext.errors import Conflict

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
    deadline = time.monotonic() + timeout_s
    descriptor = _open(path)
    try:
        # Whoever held it may have removed it with the whole sandbox.
        while not (taken := _try(descriptor)) or not _is(descriptor, path):
            if taken:
                os.close(descriptor)
                descriptor = _open(path)
                continue
            if time.monotonic() > deadline:
                raise Conflict(
                    f"Another command works on the sandbox since {timeout_s:.0f} s: {who(path)}.",
                    hint="Wait until it is done, or end it.",
                )
            await asyncio.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        try:
            yield descriptor
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def who(path: Path) -> str:
    """What the present holder wrote; empty when nobody holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return "" if _try(descriptor) else os.pread(descriptor, 200, 0).decode()
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is(descriptor: int, path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(descriptor), path.stat())


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
