"""The agent's own directory: sockets, the connection file, credentials."""

import fcntl
import os
import stat
from typing import Iterator

LONGEST_SOCKET = 107
"""Bytes of a unix socket's path on Linux (sun_path); other systems take a few less."""
_ROOM = len("/jx-4294967295/0123456789ab/k-5")
_LOCK = "lock"


class NoPlace(Exception):
    """There is no directory that is private, can be written, and has a short path."""


class Place:
    """A directory of mode 0700 with a short path, locked for as long as the agent lives."""

    def __init__(self) -> None:
        for parent in _parents():
            try:
                self.directory = os.path.join(parent, os.urandom(6).hex())
                os.mkdir(self.directory, 0o700)
                self._lock = os.open(os.path.join(self.directory, _LOCK), os.O_CREAT, 0o600)
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            except OSError:
                continue
            return
        raise NoPlace(
            "There is no place for sockets: none of $TMPDIR, /tmp and /dev/shm can be written, "
            "or their paths are too long."
        )

    def remove(self) -> None:
        """Remove the directory with everything in it."""
        remove(self.directory)
        os.close(self._lock)

    def tidy(self) -> None:
        """Remove the directories of agents that were killed: credentials may be in them."""
        parent = os.path.dirname(self.directory)
        for name in os.listdir(parent):
            directory = os.path.join(parent, name)
            if directory != self.directory and _is_left(directory):
                remove(directory)


def _parents() -> Iterator[str]:
    """Directories of the user's own, made if they are not there."""
    for base in (os.environ.get("TMPDIR", ""), "/tmp", "/dev/shm"):  # noqa: S108 - nobody else gets into the directory in it
        if not base.startswith("/") or len(os.fsencode(base)) + _ROOM > LONGEST_SOCKET:
            continue
        parent = os.path.join(base, f"jx-{os.getuid()}")
        try:
            os.mkdir(parent, 0o700)
        except FileExistsError:
            pass
        except OSError:
            continue
        found = os.lstat(parent)
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            os.chmod(parent, 0o700)
            yield parent


def _is_left(directory: str) -> bool:
    try:
        lock = os.open(os.path.join(directory, _LOCK), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def remove(directory: str) -> None:
    """Remove a directory that may be gone, with all that is in it."""
    import shutil

    shutil.rmtree(directory, ignore_errors=True)
