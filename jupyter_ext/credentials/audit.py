"""Who logged in where, and how it went: one JSON line each, for a platform engineer."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from jupyter_core.paths import jupyter_data_dir
from pydantic import Field

from jupyter_ext.credentials.models import Method, TokenService
from jupyter_ext.models import Model

log = logging.getLogger(__name__)

MAX_BYTES = 5 << 20
BACKUPS = 5

Action = Literal["login", "renew", "logout", "change_password", "mint", "cancel", "expire"]
"""``mint`` and ``cancel`` are about delegation tokens, and so is ``renew`` with a service."""
MAX_NAME = 256
Name = Annotated[str, Field(max_length=MAX_NAME)]


class AuditLine(Model):
    """One line of the log; no field can hold a secret or a sentence of somebody else."""

    time: datetime
    user: Name
    """The Jupyter user."""
    principal: Name = ""
    """As it was typed if the login failed."""
    cluster: Name
    action: Action
    outcome: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = "ok"
    """``ok``, or the code of a :class:`jupyter_ext.errors.JupyterExtError`."""
    method: Method | None = None
    service: TokenService | None = None
    """Whose delegation token it is about; None for a login."""
    lifetime_s: float | None = None
    """Seconds that what was got lasts."""


def default_path() -> Path:
    """Give the place of the log unless a setting names another."""
    return Path(jupyter_data_dir()) / "jupyter-ext" / "audit.log"


class AuditLog:
    """Appends lines to a file, which several servers may share.

    The file is written by a thread of its own, one line after the other, so recording neither
    blocks nor fails; that the file cannot be written is said once in the server's log.

    Parameters
    ----------
    path
        The log, mode 0600; older ones are beside it, as ``audit.log.1`` and so on.
    max_bytes
        Size at which a new log begins.
    backups
        Number of older logs that are kept.
    """

    def __init__(
        self, path: Path | None = None, max_bytes: int = MAX_BYTES, backups: int = BACKUPS
    ) -> None:
        self.path = default_path() if path is None else path
        self._max_bytes = max_bytes
        self._backups = backups
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._failing = False

    def record(
        self,
        action: Action,
        *,
        user: str,
        cluster: str,
        outcome: str = "ok",
        principal: str = "",
        method: Method | None = None,
        service: TokenService | None = None,
        lifetime_s: float | None = None,
    ) -> None:
        """Record what was done, at this moment; fields as in :class:`AuditLine`."""
        line = AuditLine(
            time=datetime.now(UTC),
            user=_clip(user),
            principal=_clip(principal),
            cluster=_clip(cluster),
            action=action,
            outcome=outcome,
            method=method,
            service=service,
            lifetime_s=lifetime_s,
        )
        try:
            self._writer.submit(self._write, line)
        except RuntimeError:
            log.warning("%s of %s came after the end of the log of logins.", action, cluster)

    async def close(self) -> None:
        """Wait until every line is written."""
        await asyncio.to_thread(self._writer.shutdown)

    def _write(self, line: AuditLine) -> None:
        try:
            with self._open() as descriptor:
                _append(descriptor, json.dumps(line.model_dump(mode="json")).encode() + b"\n")
        except OSError as error:
            if not self._failing:
                log.error(  # noqa: TRY400 - where it happened is of no use
                    "Logins are not recorded: %s cannot be written: %s.", self.path, error.strerror
                )
            self._failing = True
        else:
            self._failing = False

    @contextmanager
    def _open(self) -> Iterator[int]:
        """Open the log for one line, alone with it, and part from it when it is full."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not self._is_current(descriptor):
                    continue  # another server, or logrotate, has just put it aside
                if os.fstat(descriptor).st_size >= self._max_bytes:
                    self._rotate()
                    continue
                os.fchmod(descriptor, 0o600)
                yield descriptor
                return
            finally:
                os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def _rotate(self) -> None:
        names = [self.path, *(Path(f"{self.path}.{n}") for n in range(1, self._backups + 1))]
        for older, newer in reversed(list(zip(names[1:], names, strict=False))):
            if newer.exists():
                newer.replace(older)
        self.path.unlink(missing_ok=True)  # only there still if no older ones are kept


def _clip(name: str) -> str:
    return name[:MAX_NAME].encode("utf-8", "replace").decode()


def _append(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if os.write(descriptor, line) < len(line):
        # Half a line would spoil the next one too.
        os.ftruncate(descriptor, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
