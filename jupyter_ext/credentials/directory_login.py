"""Logging in to a cluster that believes a user name: the directory proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.credentials.models import Account, Method
from jupyter_ext.credentials.policy import asked_by
from jupyter_ext.credentials.proof import Proof, Unrenewable

if TYPE_CHECKING:
    import httpx


class DirectoryLogin(Unrenewable):
    """Proves identities with a password that the directory accepts.

    The password is used once; a login lasts as long as the server does.

    Parameters
    ----------
    profile
        The cluster.
    """

    method: Method = "password"
    tickets: Path | None = None

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._account: Account | None = None

    async def login(self, user: str, password: str) -> Proof:
        """Bind as the user; raises as :meth:`Directory.login`."""
        name = user.partition("@")[0]
        self._account = await Directory(self.profile).login(name, password)
        return Proof(f"{name}@{asked_by(self.profile)}", name, expires_at=None)

    async def account(self, proof: Proof) -> Account | None:
        """Give what the directory told at the login."""
        return self._account

    def auth(self, proof: Proof) -> httpx.Auth | None:
        """Give nothing: the daemons believe the user name."""
        return None

    def forget(self) -> None:
        """Forget who it was."""
        self._account = None
