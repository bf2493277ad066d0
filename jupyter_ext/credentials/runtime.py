"""Where the secrets of one server process live: private, in memory if possible, gone with it.

Below a root there is one directory per server process, which keeps a lock on a file in it for as
long as it lives. A lock ends with its process however that ends, so a directory whose lock is free
was left behind, and the next server to start removes it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from jupyter_core.paths import jupyter_runtime_dir

from jupyter_ext.credentials import ccache
from jupyter_ext.credentials.erase import erase
from jupyter_ext.credentials.hdts import (
    BadToken,
    DelegationToken,
    read_file_bytes,
    write_file_bytes,
)
from jupyter_ext.errors import Unavailable
from jupyter_ext.files import is_held, replace

T = TypeVar("T")

log = logging.getLogger(__name__)

TICKETS = "krb5cc"
"""Name of a ticket file, everywhere."""
TOKENS = "tokens"
"""Name of a token file, everywhere."""
LOGIN = (TICKETS, TOKENS, "krb5.conf")
"""What a cluster's directory has only while somebody is logged in."""

_SERVER = "server-"
_HEADLESS = "headless"
_LOCK = "lock"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class RuntimeDirectory:
    """The directory of this server process.

    Touches files, and waits for another server that is starting: to be made and used in a thread,
    or before the event loop runs.

    Parameters
    ----------
    root
        Where servers keep their directories; the best of :func:`candidates` when left out.

    Raises
    ------
    Unavailable
        If nothing private can be had there.
    """

    def __init__(self, root: Path | None = None) -> None:
        roots = candidates(os.environ) if root is None else [root]
        for each in roots:
            # Also where this server will not live itself: its environment may have changed.
            if _is_private(each):
                sweep(each)
        self.path, self._lock = _first(roots, _claim)

    def private(self, user: str, cluster: str) -> Path:
        """Give the directory of the server's own tickets for one user on one cluster.

        Raises
        ------
        Unavailable
            If it cannot be made, for example because the file system is full.
        """
        with storing(self.path, cluster):
            return self._made("private", safe_name(user), safe_name(cluster))

    def kernels(self, user: str) -> Path:
        """Give the credential directory of one user's kernels; raises as :meth:`private`."""
        with storing(self.path):
            return self._made("kernels", safe_name(user))

    def remove(self, path: Path) -> None:
        """Overwrite and remove a file or a whole directory of this one.

        Raises
        ------
        Unavailable
            If something of it is still there, with its place.
        """
        if not path.is_relative_to(self.path):
            raise ValueError(f"{path} is not in {self.path}")
        try:
            erase(path)
        except OSError as error:
            raise Unavailable(
                f"Secrets in {path} cannot be removed: {error.strerror}.",
                hint="Remove the directory by hand; it goes when the Jupyter server ends.",
            ) from error

    def close(self) -> None:
        """Remove everything; may be called again."""
        with _reporting(self.path):
            erase(self.path)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _made(self, *names: str) -> Path:
        path = self.path
        for name in names:
            path /= name
            make_private(path)
        return path


def headless_directory(root: Path) -> Path:
    """Give the directory of logins without a server; one directory per cluster goes below it.

    What is in it stays until a logout; tickets that have ended, and the tokens with them, are
    removed by the next call, or by the next server that starts.

    Parameters
    ----------
    root
        As :func:`find_root` finds it.

    Raises
    ------
    Unavailable
        If it cannot be made.
    """
    path = root / _HEADLESS
    with storing(path):
        make_private(_make_root(root) / _HEADLESS)
    sweep(root)
    return path


def find_headless_directory(environ: Mapping[str, str]) -> Path | None:
    """Find the directory of logins without a server, if there is one."""
    paths = (root / _HEADLESS for root in candidates(environ))
    return next((path for path in paths if _is_private(path)), None)


# -- the root ---------------------------------------------------------------------------------


def candidates(
    environ: Mapping[str, str],
    run: Path = Path("/run/user"),
    shared_memory: Path = Path("/dev/shm"),  # noqa: S108 - what is found there is checked
) -> list[Path]:
    """List where a root may be, best first: in memory, and on disk if there is nothing else."""
    uid = os.geteuid()
    found: list[Path] = []
    for parent in (Path(environ.get("XDG_RUNTIME_DIR") or "."), run / str(uid)):
        root = parent / "jupyter-ext"
        if parent.is_absolute() and _is_private(parent) and root not in found:
            found.append(root)
    with suppress(OSError):
        # Without the sticky bit anybody could exchange a directory in it for another.
        if shared_memory.stat().st_mode & stat.S_ISVTX:
            found.append(shared_memory / f"jupyter-ext-{uid}")
    found.append(Path(jupyter_runtime_dir()) / "jupyter-ext-credentials")
    return found


def find_root(roots: Sequence[Path] | None = None) -> Path:
    """Make or find the first root that is ours alone.

    Raises
    ------
    Unavailable
        If there is none.
    """
    return _first(candidates(os.environ) if roots is None else roots, _make_root)


def _first(roots: Sequence[Path], make: Callable[[Path], T]) -> T:
    for root in roots:
        try:
            return make(root)
        except OSError as error:
            log.warning("Secrets are not kept in %s: %s.", root, error.strerror)
    raise Unavailable(
        f"There is no private place for tickets and tokens: tried {', '.join(map(str, roots))}.",
        hint="Set XDG_RUNTIME_DIR to a directory of your own with mode 0700, best in memory.",
    )


def _make_root(root: Path) -> Path:
    root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_private(root)
    return root


def _claim(root: Path) -> tuple[Path, int]:
    """Make a server's directory; gives it and the descriptor of its lock."""
    with _locked(_make_root(root)):
        path = Path(tempfile.mkdtemp(prefix=_SERVER, dir=root))
        lock = _open_lock(path)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return path, lock


def make_private(path: Path) -> None:
    """Make a directory that only we can enter, or make sure that this is one.

    Raises
    ------
    OSError
        If it cannot be made, or if it was there and others can enter it or own it.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    if not _is_private(path):
        raise PermissionError(
            errno.EPERM, "it is a link, belongs to somebody else, or its mode is not 0700"
        )


def _is_private(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )


def safe_name(name: str) -> str:
    """Turn a user's or cluster's name into a file name; no two names give the same.

    Plain names stay as they are. All others get a hash, and a first character that no plain name
    has; letter case counts as not plain because some file systems ignore it.
    """
    if _PLAIN.fullmatch(name):
        return name
    readable = re.sub(r"[^A-Za-z0-9]", "_", name)[:32]
    return f"_{readable}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


@contextmanager
def storing(directory: Path, cluster: str | None = None) -> Iterator[None]:
    """Say in words why secrets cannot be stored in a directory.

    Raises
    ------
    Unavailable
        For every OSError of what is done meanwhile.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Unavailable(
                f"There is no room left in {directory}, where tickets and tokens are kept.",
                hint=f"See df -h {directory} and df -i {directory}, and remove what is not needed; "
                "or start the Jupyter server with XDG_RUNTIME_DIR set to another private "
                "directory.",
                cluster=cluster,
            ) from error
        raise Unavailable(
            f"Tickets and tokens cannot be kept in {directory}: {error.strerror}.",
            hint="Is it still there, yours, and writable? A restart of the Jupyter server makes "
            "it anew.",
            cluster=cluster,
        ) from error


# -- removal ----------------------------------------------------------------------------------


def sweep(root: Path, now: float | None = None) -> None:
    """Remove what servers left behind that have ended, and logins without a server that have.

    Parameters
    ----------
    now
        Seconds since the epoch; the present when left out.
    """
    now = time.time() if now is None else now
    with _reporting(root), _locked(root):
        for directory in root.glob(f"{_SERVER}*"):
            with _reporting(directory):
                if not is_held(directory / _LOCK):
                    log.info("Removing what a Jupyter server that ended left in %s.", directory)
                    erase(directory)
        with _reporting(root / _HEADLESS):
            _sweep_logins(root / _HEADLESS, now)


def _sweep_logins(headless: Path, now: float) -> None:
    """Remove logins that have ended; the clusters' configuration is of use without any."""
    clusters = [path for path in headless.glob("*") if path.is_dir()]
    ended = [path for path in clusters if _has_ended(path / TICKETS, now)]
    for cluster in ended:
        for name in LOGIN:
            erase(cluster / name)
    if ended:
        tokens: dict[str, DelegationToken] = {}
        for cluster in clusters:
            with suppress(FileNotFoundError, BadToken):
                tokens |= read_file_bytes((cluster / TOKENS).read_bytes())[0]
        replace(headless / TOKENS, write_file_bytes(tokens))


@contextmanager
def _reporting(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.warning("Old secrets in %s cannot be removed: %s.", directory, error.strerror)


def _has_ended(tickets: Path, now: float) -> bool:
    try:
        granting = ccache.read(tickets).granting
    except FileNotFoundError:
        return False
    except (OSError, ccache.BadCache):
        return True
    return granting is None or granting.expires_at < now


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Let only one process at a time make or sweep directories: a new one has no lock at first."""
    lock = _open_lock(root)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_lock(directory: Path) -> int:
    # A file, because a directory cannot be locked on NFS.
    return os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
