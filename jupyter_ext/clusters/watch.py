"""Noticing that somebody added, edited or removed a profile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore


class ProfileWatcher:
    """Asynchronous iterator over the profiles: the present ones first, then after every change.

    Profiles are small and few, and they may lie on a network file system, where change
    notifications of the kernel do not arrive: so this compares signatures, in a thread.

    Parameters
    ----------
    store
        Where the profiles are.
    interval_s
        Seconds between two looks.
    """

    def __init__(self, store: ProfileStore, interval_s: float = 2.0) -> None:
        self._store = store
        self._interval_s = interval_s

    async def __aiter__(self) -> AsyncIterator[list[Profile]]:
        """Yield until the consumer stops asking."""
        seen = None
        while True:
            # Taken before the list is read: a change in between is then seen again, not lost.
            signature = await asyncio.to_thread(self._store.signature)
            if signature != seen:
                seen = signature
                yield await asyncio.to_thread(self._store.list)
            await asyncio.sleep(self._interval_s)
