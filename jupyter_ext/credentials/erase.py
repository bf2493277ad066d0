"""Removes files so that their content is gone as well, as far as a file system lets one."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_ZEROS = bytes(64 << 10)
_MAX_OVERWRITTEN = 16 << 20
"""Bytes of one file; no secret is that large, but a file with holes may seem to be."""


def erase(path: Path) -> None:
    """Overwrite a file, or every file of a directory, with zeros and remove it.

    Links are removed, never followed. What cannot be overwritten is removed all the same. A file
    system that writes changes elsewhere (a journal, a snapshot, a flash disk) may keep the old
    content; one in memory does not.

    Raises
    ------
    OSError
        The first of those met; everything else is gone.
    """
    failed: list[OSError] = []
    _erase(path, failed)
    if failed:
        raise failed[0]


def _erase(path: Path, failed: list[OSError]) -> None:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            for child in list(path.iterdir()):
                _erase(child, failed)
            path.rmdir()
        elif stat.S_ISREG(mode):
            _erase_file(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        failed.append(error)


def _erase_file(path: Path) -> None:
    descriptor = -1
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        # First the name, so that nobody opens a file that is half overwritten.
        path.unlink()
        # Another name that is left would be somebody's own file, linked here.
        if descriptor >= 0 and os.fstat(descriptor).st_nlink == 0:
            with suppress(OSError):
                _overwrite(descriptor)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _overwrite(descriptor: int) -> None:
    size = min(os.fstat(descriptor).st_size, _MAX_OVERWRITTEN)
    for start in range(0, size, len(_ZEROS)):
        os.pwrite(descriptor, _ZEROS[: size - start], start)
    os.fsync(descriptor)
