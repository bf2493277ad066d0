"""Keeps the credential directories of kernels as their owners' identities are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.directory import CredentialDirectory, Login
from jupyter_ext.credentials.models import Identity
from jupyter_ext.credentials.session import Session
from jupyter_ext.errors import JupyterExtError

log = logging.getLogger(__name__)


class Injection:
    """Writes a Jupyter user's credential directory again whenever an identity changes.

    Parameters
    ----------
    broker
        Who owns the identities.
    profiles
        Where the clusters are.
    directory
        Makes the directory of a Jupyter user.
    """

    def __init__(
        self, broker: Broker, profiles: ProfileStore, directory: Callable[[str], Path]
    ) -> None:
        self._broker = broker
        self._profiles = profiles
        self._directory = directory
        self._due: set[str] = set()
        self._writing: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[str], None]] = []
        self._lock = asyncio.Lock()
        self._unsubscribe = broker.subscribe(self._changed)

    async def write(self, user: str) -> None:
        """Write a user's directory now."""
        async with self._lock:
            logins = [login_of(session) for session in self._broker.sessions(user)]
            await asyncio.to_thread(self._write, user, logins, self._broker.known(user))
        for listener in list(self._listeners):
            listener(user)

    def refresh(self, user: str) -> None:
        """Write a user's directory soon, because a profile has changed."""
        self._due.add(user)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._catch_up(), name="write credentials")

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Be told of which user a directory was written, in the event loop; gives what ends that.

        Kernels on other machines have copies of it.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        """Stop writing, and wait until nothing is written any more."""
        self._unsubscribe()
        self._due.clear()
        if self._writing is not None:
            # Cancelled, it would leave the thread behind that writes.
            await asyncio.gather(self._writing, return_exceptions=True)

    def _write(self, user: str, logins: list[Login], known: frozenset[str]) -> None:
        directory = CredentialDirectory(self._directory(user))
        directory.write(self._profiles.list(), logins, logged_out=known)

    def _changed(self, user: str, identity: Identity) -> None:
        self.refresh(user)

    async def _catch_up(self) -> None:
        while self._due:
            user = self._due.pop()
            try:
                await self.write(user)
            except JupyterExtError as error:
                log.warning("%s %s", error.message, error.hint)


def login_of(session: Session) -> Login:
    """Give of a session what kernels get."""
    return Login(
        profile=session.profile.model_copy(update={"user": session.identity.user}),
        identity=session.identity,
        tickets=session.prover.tickets,
        tokens=session.tokens.tokens if session.tokens else {},
    )
