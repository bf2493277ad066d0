"""Tickets for services, got with the ticket-granting ticket of a ticket file."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import ccache, failures, programs
from jupyter_ext.credentials.runtime import storing
from jupyter_ext.credentials.whole import whole
from jupyter_ext.errors import JupyterExtError

T = TypeVar("T")

_ROOM_BYTES = 64 << 10
"""No ticket is longer, whatever a directory puts into it."""


def margin_s(life_s: float) -> float:
    """Give the seconds before its end at which something of limited life is not used any more.

    Clocks differ and requests take time; what lives for seconds only has no room for either.
    """
    return min(30.0, 0.1 * life_s)


class ServiceTickets:
    """Gets tickets for services into a ticket file, and knows which of them still last.

    Parameters
    ----------
    profile
        The cluster.
    path
        The ticket file; replaced by others whenever the ticket-granting ticket is renewed.
    conf
        The krb5.conf that says where the KDC is.
    """

    def __init__(self, profile: Profile, path: Path, conf: Path) -> None:
        self.profile = profile
        self.path = path
        self._conf = conf
        self._lock = asyncio.Lock()

    async def get(self, service: str) -> ccache.Ticket:
        """Make sure that the file holds a ticket for a service that lasts a while.

        Parameters
        ----------
        service
            For example HTTP/host.example.com@EXAMPLE.COM.

        Raises
        ------
        ServiceUnknown
            If the realm has no such service.
        SessionEnded, KdcUnreachable, BadAnswer
            If there is no ticket-granting ticket any more, or the KDC could not be asked.
        Unavailable
            If there is no room for it.
        """
        async with self._lock:
            while True:
                before = await asyncio.to_thread(self._stat)
                if ticket := await asyncio.to_thread(self._held, service):
                    return ticket
                answer = await self._fetch(service)
                if ticket := await asyncio.to_thread(self._held, service):
                    return ticket
                if not await asyncio.to_thread(self._is_still, before):
                    continue
                if before is not None:
                    await whole(asyncio.to_thread(self._check_room, before))
                if answer.code:
                    raise failures.service(self.profile, service, answer.complaint)
                # Its own time is over, so the KDC gives tickets that end with it.
                raise failures.renewal(self.profile, "kvno: Ticket expired")

    async def use(self, service: str, work: Callable[[], T]) -> T:
        """Do something in a thread with a ticket for a service; again if the file was replaced.

        A renewal that comes in between leaves a file without the ticket that was just fetched.

        Raises
        ------
        JupyterExtError
            As :meth:`get` does, or as ``work`` did with the file that is still there.
        """
        while True:
            before = await asyncio.to_thread(self._stat)
            await self.get(service)
            try:
                return await asyncio.to_thread(work)
            except JupyterExtError:
                if await asyncio.to_thread(self._is_still, before):
                    raise

    def _stat(self) -> os.stat_result | None:
        try:
            return self.path.stat()
        except FileNotFoundError:
            return None

    def _is_still(self, before: os.stat_result | None) -> bool:
        """Tell one file from the next in its place; kvno adds to a file, a renewal replaces it."""
        now = self._stat()
        if before is None or now is None:
            return before is now
        return os.path.samestat(before, now)

    def _check_room(self, before: os.stat_result) -> None:
        """Say so if kvno found no room for a ticket, of which it says nothing itself.

        What it began to write is taken back: it would hide the tickets before it.
        """
        with storing(self.path.parent, self.profile.name), suppress(FileNotFoundError):
            with self.path.open("rb+") as file:
                if not os.path.samestat(before, os.fstat(file.fileno())):
                    return
                file.truncate(before.st_size)
            with TemporaryFile(dir=self.path.parent, buffering=0) as file:
                file.write(bytes(_ROOM_BYTES))

    def _held(self, service: str) -> ccache.Ticket | None:
        try:
            ticket = ccache.read(self.path).ticket(service)
        except (OSError, ccache.BadCache):
            return None
        if ticket is None:
            return None
        left_s = ticket.expires_at - time.time()
        return ticket if left_s > margin_s(ticket.expires_at - ticket.starts_at) else None

    async def _fetch(self, service: str) -> programs.Answer:
        timeout_s = self.profile.config.kerberos.timeout_s
        try:
            return await programs.run(
                [programs.find("kvno"), "-q", "-c", f"FILE:{self.path}", service],
                {"KRB5_CONFIG": str(self._conf)},
                timeout_s=timeout_s,
            )
        except programs.TooSlow:
            realm = self.profile.realm or ""
            raise failures.unreachable(self.profile, realm, (), timeout_s) from None
