"""Logins without a Jupyter server: they stay in a directory until they end or are ended.

Nobody renews them, so their tickets ask for the longest life that the realm gives at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import closing
from pathlib import Path

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import runtime
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.directory import (
    TICKETS,
    TOKENS,
    CredentialDirectory,
    Login,
)
from jupyter_ext.credentials.hdts import read_file_bytes
from jupyter_ext.credentials.injection import login_of
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.minted import Issued, Minted
from jupyter_ext.credentials.models import Identity
from jupyter_ext.credentials.session import OpenDesk
from jupyter_ext.errors import JupyterExtError

log = logging.getLogger(__name__)

SETTLE_S = 20.0
"""Seconds that directory and token services get for their answers."""


class HeadlessLogins:
    """The logins of one operating system's user, outside of any server.

    Parameters
    ----------
    profiles
        Where the clusters are.
    open_desk
        Makes what mints delegation tokens.
    path
        The credential directory; the user's own when left out.
    """

    def __init__(
        self, profiles: ProfileStore, open_desk: OpenDesk | None = None, path: Path | None = None
    ) -> None:
        self._profiles = profiles
        self._open_desk = open_desk
        self.path = path or runtime.headless_directory(runtime.find_root())
        self.credentials = KernelCredentials(self.path)

    async def login(self, name: str, user: str, password: str) -> Identity:
        """Log in to a cluster, in place of whoever was.

        Raises
        ------
        JupyterExtError
            Saying why not.
        """
        with closing(await asyncio.to_thread(runtime.RuntimeDirectory)) as private:
            broker = Broker(self._profiles, private, prover=prover, open_desk=self._open_desk)
            await broker.login("", name, user, password)
            session = broker.session("", name)
            if session is None:
                return await broker.identity("", name)
            await session.settled(SETTLE_S)
            new = login_of(session)
            await session.leave()
            logins = await asyncio.to_thread(self._logins)
            others = [login for login in logins if login.profile.name != name]
            await asyncio.to_thread(self._write, [*others, new])
            return new.identity

    async def logout(self, name: str | None = None) -> list[str]:
        """End the login to a cluster, or to all; gives the clusters it was of."""
        logins = await asyncio.to_thread(self._logins)
        ended = [login for login in logins if name in (None, login.profile.name)]
        await asyncio.gather(*map(self._cancel, ended))
        kept = [login for login in logins if login not in ended]
        await asyncio.to_thread(self._write, kept)
        return [login.profile.name for login in ended]

    async def _cancel(self, login: Login) -> None:
        """Make the tokens worthless, as far as their services can be reached."""
        if self._open_desk is None or not login.tokens:
            return
        auth = self.credentials.auth(login.profile)
        desk = await asyncio.to_thread(self._open_desk, login.profile, auth)
        try:
            for info in login.identity.tokens:
                # One token is there under several names.
                own = {
                    one.identifier: one for one in login.tokens.values() if one.kind == info.kind
                }
                issued = (Issued(one, {}, info.renewer, False, 0.0, 0.0) for one in own.values())
                try:
                    await desk.cancel(Minted(info, tuple(issued)))
                except JupyterExtError as error:
                    log.warning("A token of %s stays valid: %s", login.profile.name, error)
        finally:
            await desk.aclose()

    def _write(self, logins: list[Login]) -> None:
        CredentialDirectory(self.path).write(self._profiles.list(), logins)

    def _logins(self) -> list[Login]:
        """Read what is there already, and has not ended."""
        found = []
        profiles = {profile.name: profile for profile in self._profiles.list()}
        for name, entry in self.credentials.clusters().items():
            directory, identity = self.path / name, entry.identity
            if identity.principal and (identity.expires_at or 0) > time.time():
                # One that was removed meanwhile has to be logged out of all the same.
                profile = profiles.get(name, entry.profile)
                profile = profile.model_copy(update={"user": identity.user})
                tokens, _ = read_file_bytes((directory / TOKENS).read_bytes())
                found.append(Login(profile, identity, directory / TICKETS, dict(tokens)))
        return found
