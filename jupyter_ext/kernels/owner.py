"""Which processes act for kernels, and which of those still live.

An owner keeps a lock on a file as long as its process lives, however that ends. Where the lock
cannot tell, on a file system that two machines share, the lease in the store does.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import socket
import time
from collections.abc import Iterable

from jupyter_ext.files import is_held
from jupyter_ext.store import OwnerRow, Store

LEASE_S = 60.0
RENEW_S = 20.0


class Owner:
    """The process that we are.

    Touches files: to be made in a thread, or before the event loop runs.

    Parameters
    ----------
    store
        Where owners are written down; the locks are in a directory beside it.
    place
        Root directory of the Jupyter server, whose kernels its next life may take; empty for a
        program that starts kernels for itself.
    """

    def __init__(self, store: Store, place: str) -> None:
        self.id = secrets.token_hex(8)
        self.place = place
        self._store = store
        self._directory = store.path.parent / "owners"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(
            self._directory / self.id, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
        )
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    async def renew(self) -> None:
        """Renew the lease; to be called every :data:`RENEW_S` seconds."""
        row = OwnerRow(self.id, socket.gethostname(), self.place, time.time() + LEASE_S)
        await self._store.put_owner(row)

    async def tidy(self) -> None:
        """Forget owners that have ended."""
        owners = await self._store.owners()
        living = await asyncio.to_thread(self.living, owners)
        for row in owners:
            if row.owner not in living:
                await self._store.remove_owner(row.owner)

    async def leave(self) -> None:
        """Be an owner no longer; what is still ours is for others to adopt."""
        await self._store.remove_owner(self.id)
        self.close()

    def close(self) -> None:
        """Give up the lock."""
        if self._lock >= 0:
            (self._directory / self.id).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def living(self, owners: Iterable[OwnerRow]) -> set[str]:
        """Say which of these owners, and this one, still live; blocks for a moment."""
        return {self.id, *(row.owner for row in owners if self._lives(row))}

    def _lives(self, row: OwnerRow) -> bool:
        path = self._directory / row.owner
        if is_held(path):
            return True
        if not path.exists():
            return False
        if row.host != socket.gethostname() and row.lease > time.time():
            return True
        path.unlink(missing_ok=True)
        return False
