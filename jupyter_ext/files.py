"""Files that are whole at any moment, and locks that end with their process."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path


def replace(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Replace a file by a new one in one step, or make it; its directory has to exist.

    Whoever reads it meanwhile sees the old content or the new one; so does whoever comes after a
    power cut.
    """
    data = content.encode() if isinstance(content, str) else content
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            os.fchmod(descriptor, mode)
            stream.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def is_held(path: Path) -> bool:
    """Say whether a process has a lock (``flock``) on a file; False if there is no file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
