"""How one Jupyter user gets at the clusters: as whom, and with which clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.models import Identity
from jupyter_ext.credentials.policy import nobody
from jupyter_ext.errors import Forbidden, LoginNeeded

if TYPE_CHECKING:
    import httpx

    from jupyter_ext.credentials.broker import Broker
    from jupyter_ext.credentials.kernel import KernelCredentials
    from jupyter_ext.credentials.token_keeper import Desk
    from jupyter_ext.hadoop.clients import Hadoop


class Access(Protocol):
    """As whom clusters are asked."""

    def identity(self, profile: Profile) -> Identity:
        """Say who asks this cluster."""

    def known(self, profile: Profile) -> Profile:
        """Give the profile with the name of who is logged in."""

    async def open(self, profile: Profile) -> Hadoop:
        """Make the clients of a cluster; nothing is asked of its daemons yet.

        Raises
        ------
        LoginNeeded, Forbidden, Misconfigured
            If there can be none.
        """

    def subscribe(self, listener: Callable[[Identity], None]) -> Callable[[], None]:
        """Be told when an identity changes; gives what ends that."""


class Nobody:
    """Asks every cluster without having logged in."""

    def identity(self, profile: Profile) -> Identity:
        """Give an identity that nobody proved."""
        return nobody(profile)

    def known(self, profile: Profile) -> Profile:
        """Give the profile as it is."""
        return profile

    async def open(self, profile: Profile) -> Hadoop:
        """Make the clients of a cluster; see :class:`Access`."""
        return await asyncio.to_thread(_open, profile)

    def subscribe(self, listener: Callable[[Identity], None]) -> Callable[[], None]:
        """Do nothing: nobody stays nobody."""
        return lambda: None


class LoggedIn:
    """Asks every cluster as the identity that a Jupyter user has there.

    Parameters
    ----------
    broker
        Who owns the identities.
    user
        Name of the Jupyter user.
    """

    def __init__(self, broker: Broker, user: str) -> None:
        self._broker = broker
        self._user = user

    def identity(self, profile: Profile) -> Identity:
        """Say who the user is on this cluster."""
        return self._broker.peek(self._user, profile)

    def known(self, profile: Profile) -> Profile:
        """Give the profile with the name of who is logged in."""
        return _with_user(profile, self.identity(profile))

    async def open(self, profile: Profile) -> Hadoop:
        """Make the clients of a cluster; see :class:`Access`."""
        identity, auth = await self._broker.auth(self._user, profile)
        if identity.needed and profile.auth == "simple" and not identity.principal:
            raise LoginNeeded(
                f"{profile.title} wants you to log in to {identity.realm}.", cluster=profile.name
            )
        _check_groups(profile, identity)
        return await asyncio.to_thread(_open, self.known(profile), auth)

    def subscribe(self, listener: Callable[[Identity], None]) -> Callable[[], None]:
        """Be told when one of the user's identities changes."""

        def told(user: str, identity: Identity) -> None:
            if user == self._user:
                listener(identity)

        return self._broker.subscribe(told)


class FromDirectory(Nobody):
    """Asks every cluster as who is logged in according to a kernel's credential directory.

    Parameters
    ----------
    credentials
        What the directory says.
    """

    def __init__(self, credentials: KernelCredentials) -> None:
        self._credentials = credentials

    def identity(self, profile: Profile) -> Identity:
        """Say who is logged in to this cluster."""
        return self._credentials.identity(profile)

    def known(self, profile: Profile) -> Profile:
        """Give the profile with the name of who is logged in."""
        return _with_user(profile, self.identity(profile))

    async def open(self, profile: Profile) -> Hadoop:
        """Make the clients of a cluster; see :class:`Access`."""
        auth = await asyncio.to_thread(self._credentials.auth, profile)
        return await asyncio.to_thread(_open, self.known(profile), auth)


def open_desk(profile: Profile, auth: httpx.Auth | None) -> Desk:
    """Make what mints the tokens of an identity; see :class:`TokenDesk`."""
    from jupyter_ext.hadoop.tokens import TokenDesk

    return TokenDesk.open(profile, auth)


def _with_user(profile: Profile, identity: Identity) -> Profile:
    if not identity.needed:
        return profile
    return profile.model_copy(update={"user": identity.user if identity.principal else None})


def _open(profile: Profile, auth: httpx.Auth | None = None) -> Hadoop:
    """Make clients, in a thread: loading the HTTP library and a CA bundle takes its time."""
    from jupyter_ext.hadoop.clients import Hadoop

    return Hadoop.open(profile, auth=auth)


def _check_groups(profile: Profile, identity: Identity) -> None:
    allowed = profile.config.allowed_groups
    if not allowed or not identity.principal:
        return
    account = identity.account
    if account is None or account.error is not None:
        why = account.error.message if account and account.error else "they are being looked up."
        raise Forbidden(
            f"{profile.title} is for some groups only, and yours are not known: {why}",
            cluster=profile.name,
        )
    if not set(allowed) & set(account.groups):
        raise Forbidden(
            f"{profile.title} is only for members of {', '.join(allowed)}, and {identity.user} is "
            "in none of them.",
            hint="Ask whoever maintains the cluster's profile.",
            cluster=profile.name,
        )
