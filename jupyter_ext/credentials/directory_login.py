"""Logging in to a cluster that believes a user name: the directory proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.failures import SessionEnded
from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.credentials.models import Account, Method
from jupyter_ext.credentials.policy import asked_by
from jupyter_ext.credentials.proof import Proof
from jupyter_ext.errors import Misconfigured

if TYPE_CHECKING:
    import httpx


class DirectoryLogin:
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

    async def renew(self) -> Proof:
        """Refuse: nothing ends, and the password is not kept."""
        raise SessionEnded(
            f"Your login to {self.profile.title} cannot be renewed.", hint="Log in again."
        )

    async def change_password(self, user: str, old: str, new: str) -> None:
        """Refuse: directories have as many ways for that as there are directories."""
        raise Misconfigured(
            f"Passwords of {asked_by(self.profile)} cannot be changed from here.",
            hint="Change it where you usually do, then log in with the new one.",
            cluster=self.profile.name,
        )

    async def account(self, proof: Proof) -> Account | None:
        """Give what the directory told at the login."""
        return self._account

    def auth(self, proof: Proof) -> httpx.Auth | None:
        """Give nothing: the daemons believe the user name."""
        return None

    def forget(self) -> None:
        """Forget who it was."""
        self._account = None
