"""The broker: one identity for each Jupyter user on each cluster."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.audit import Action, AuditLog
from jupyter_ext.credentials.failures import UnknownUser
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.models import Identity, TokenInfo
from jupyter_ext.credentials.policy import asked_by, automatic, nobody, proved_alike
from jupyter_ext.credentials.proof import Prover
from jupyter_ext.credentials.session import OpenDesk, Session
from jupyter_ext.errors import InvalidInput, JupyterExtError

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Logins that one KDC gets at the same time: MIT's drops its oldest connections when it has more
than 45 (``max_tcp_or_rpc_data_connections``), and children that start together hold the loop."""
WATCH_S = 5.0
"""Seconds between two looks at which clusters are still there, while somebody is logged in."""

Listener = Callable[[str, Identity], None]
"""Told the Jupyter user and the identity that changed, in the event loop."""


class PrivateDirectory(Protocol):
    """Where the broker keeps tickets; see :class:`jupyter_ext.credentials.runtime`."""

    def private(self, user: str, cluster: str) -> Path:
        """Make the directory of one identity."""


MakeProver = Callable[[Profile, Path], Prover]


class Broker:
    """Owns every identity; nothing else acts for a user.

    Parameters
    ----------
    profiles
        Where the clusters are.
    directory
        Where tickets are kept.
    prover
        Makes what logs in to a cluster.
    open_desk
        Makes what mints delegation tokens.
    audit
        Where logins are written down; None where they are not.
    limit
        How many logins are allowed.
    """

    def __init__(
        self,
        profiles: ProfileStore,
        directory: PrivateDirectory,
        *,
        prover: MakeProver,
        open_desk: OpenDesk | None = None,
        audit: AuditLog | None = None,
        limit: LoginLimit | None = None,
    ) -> None:
        self._profiles = profiles
        self._directory = directory
        self._prover = prover
        self._open_desk = open_desk
        self._audit = audit
        self._limit = limit or LoginLimit()
        self._sessions: dict[tuple[str, str], Session] = {}
        self._known: set[tuple[str, str]] = set()
        self._listeners: set[Listener] = set()
        self._automatic: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._watching: asyncio.Task[None] | None = None

    # -- looking ------------------------------------------------------------------------------

    def peek(self, user: str, profile: Profile) -> Identity:
        """Say who a Jupyter user is on a cluster; asks nobody."""
        session = self._sessions.get((user, profile.name))
        if session is not None and proved_alike(session.profile, profile):
            return session.identity
        return nobody(profile)

    async def identity(self, user: str, name: str) -> Identity:
        """Say who a Jupyter user is on a cluster.

        Raises
        ------
        NotFound
            If there is no such cluster.
        """
        return self.peek(user, await self._profile(name))

    async def identities(self, user: str) -> list[Identity]:
        """Say who a Jupyter user is, on every cluster that wants to know."""
        profiles = await asyncio.to_thread(self._profiles.list)
        found = [self.peek(user, profile) for profile in profiles]
        return [identity for identity in found if identity.needed]

    async def auth(self, user: str, profile: Profile) -> tuple[Identity, httpx.Auth | None]:
        """Give what authenticates a Jupyter user's requests to a cluster; None if nothing does.

        A cluster whose profile names a keytab, tickets of others or a program is logged in to
        now, if it has not been.
        """
        if automatic(profile):
            await self._login_by_itself(user, profile)
        session = self._sessions.get((user, profile.name))
        if session is None or not session.alive or not proved_alike(session.profile, profile):
            return self.peek(user, profile), None
        return session.identity, session.auth

    def session(self, user: str, name: str) -> Session | None:
        """Find the session of a Jupyter user on a cluster, if somebody is logged in."""
        session = self._sessions.get((user, name))
        return session if session is not None and session.alive else None

    def sessions(self, user: str) -> list[Session]:
        """Every session of a Jupyter user that is alive."""
        found = (session for (owner, _), session in self._sessions.items() if owner == user)
        return [session for session in found if session.alive]

    def known(self, user: str) -> frozenset[str]:
        """Clusters on which a Jupyter user has been logged in or out since this server started."""
        return frozenset(name for owner, name in self._known if owner == user)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of every change; gives what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    # -- acting -------------------------------------------------------------------------------

    async def login(self, user: str, name: str, as_user: str, password: str) -> Identity:
        """Log a Jupyter user in to a cluster.

        Parameters
        ----------
        as_user
            Who, as typed; empty where the profile says so itself.

        Raises
        ------
        JupyterExtError
            Saying why not.
        """
        profile = await self._profile(name)
        session = await self._session(user, profile)
        if session.identity.interactive:
            self._limit.check(user, name)
        return await self._login(session, as_user, password)

    async def change_password(
        self, user: str, name: str, as_user: str, old: str, new: str
    ) -> Identity:
        """Change a password, and log in with the new one.

        Raises
        ------
        JupyterExtError
            Saying why not; for a new password that is refused with the KDC's own reason.
        """
        profile = await self._profile(name)
        if old == new:
            raise InvalidInput("The new password is the old one.", cluster=name)
        self._limit.check(user, name)
        session = await self._session(user, profile)
        try:
            async with self._turn(name):
                await session.prover.change_password(as_user, old, new)
        except JupyterExtError as error:
            error.cluster = error.cluster or name
            self._record(session, "change_password", error.code, principal=as_user)
            raise
        self._record(session, "change_password", principal=as_user)
        return await self._login(session, as_user, new)

    async def renew(self, user: str, name: str) -> Identity:
        """Put the end of an identity off.

        Raises
        ------
        JupyterExtError
            Saying why not.
        """
        profile = await self._profile(name)
        session = await self._session(user, profile)
        if session.alive:
            await session.renew()
        elif automatic(profile):
            return await self._login(session, "", "")
        return session.identity

    async def logout(self, user: str, name: str | None = None) -> None:
        """Log a Jupyter user out of one cluster, or of all.

        Also where this server never logged anybody in: kernels may have the login from the server
        before.

        Raises
        ------
        NotFound
            If there is no such cluster.
        """
        if name is None:
            strange = await asyncio.to_thread(self._profiles.list)
        else:
            strange = [] if (user, name) in self._sessions else [await self._profile(name)]
        for profile in strange:
            self._known.add((user, profile.name))
            if (user, profile.name) not in self._sessions:
                self._tell(user, nobody(profile))
        for (owner, cluster), session in list(self._sessions.items()):
            if owner == user and name in (None, cluster):
                self._known.add((user, cluster))
                was_alive, principal = session.alive, session.identity.principal
                await session.logout()
                if was_alive:
                    self._record(session, "logout", principal=principal)

    async def close(self) -> None:
        """End everything; tokens that were given out end by themselves."""
        tasks = [*self._automatic.values(), *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(
            *tasks,
            *(session.logout() for session in self._sessions.values()),
            return_exceptions=True,
        )
        self._sessions.clear()
        self._listeners.clear()

    # -- helpers ------------------------------------------------------------------------------

    async def _profile(self, name: str) -> Profile:
        return await asyncio.to_thread(self._profiles.get, name)

    async def _session(self, user: str, profile: Profile) -> Session:
        key = (user, profile.name)
        session = self._sessions.get(key)
        if session is not None and not proved_alike(session.profile, profile):
            del self._sessions[key]
            await session.logout()
            session = None
        if session is None:
            # In a thread: it makes directories, and loads what speaks to the realm.
            prover = await asyncio.to_thread(self._prove, user, profile)
            made = Session(profile, user, prover, self._told, self._record, self._open_desk)
            # Somebody else may have been faster meanwhile.
            session = self._sessions.setdefault(key, made)
        return session

    def _prove(self, user: str, profile: Profile) -> Prover:
        return self._prover(profile, self._directory.private(user, profile.name))

    async def _login(self, session: Session, as_user: str, password: str) -> Identity:
        profile = session.profile
        principal, since = as_user or session.identity.user, session.identity.since
        try:
            async with self._turn(profile.name):
                await session.login(as_user, password)
        except JupyterExtError as error:
            error.cluster = error.cluster or profile.name
            if isinstance(error, UnknownUser):
                self._suggest(session, principal, error)
                # It may be a password, typed into the wrong field.
                principal = ""
            self._record(session, "login", error.code, principal=principal)
            raise
        finally:
            # Also of one that was cancelled too late.
            if session.identity.since not in (None, since):
                self._record(session, "login")
        if self._watching is None:
            self._watching = asyncio.create_task(self._follow_profiles(), name="watch logins")
        return session.identity

    def _turn(self, cluster: str) -> asyncio.Semaphore:
        return self._turns.setdefault(cluster, asyncio.Semaphore(AT_ONCE))

    async def _follow_profiles(self) -> None:
        """Log everybody out of a cluster whose profile has been removed, while there are any."""
        missed: set[str] = set()
        while self._sessions:
            await asyncio.sleep(WATCH_S)
            try:
                there = {profile.name for profile in await asyncio.to_thread(self._profiles.list)}
            except OSError:
                continue  # a network file system that fails for a while ends no login
            gone = {name for _, name in self._sessions} - there
            # Twice in a row: an editor, or git, may take a file away for a moment.
            for user, name in list(self._sessions):
                if name in gone & missed:
                    await self.logout(user, name)
                    self._sessions.pop((user, name), None)
            missed = gone
        self._watching = None

    def _told(self, session: Session) -> None:
        if session.alive:
            self._known.add((session.jupyter_user, session.profile.name))
        self._tell(session.jupyter_user, session.identity)

    def _tell(self, user: str, identity: Identity) -> None:
        for listener in list(self._listeners):
            try:
                listener(user, identity)
            except Exception:
                log.exception("The change of an identity on %s was not told.", identity.cluster)

    async def _login_by_itself(self, user: str, profile: Profile) -> None:
        """Log in without a person; those who ask at the same time wait for the same attempt."""
        key = (user, profile.name)
        session = await self._session(user, profile)
        if session.alive:
            return
        task = self._automatic.get(key)
        if task is None:
            task = asyncio.create_task(self._try(session))
            self._automatic[key] = task
            task.add_done_callback(lambda _: self._automatic.pop(key, None))
        await asyncio.shield(task)

    async def _try(self, session: Session) -> None:
        try:
            await self._login(session, "", "")
        except JupyterExtError as error:
            session.fail(error)

    def _suggest(self, refused: Session, as_user: str, error: UnknownUser) -> None:
        """Somebody unknown here may have meant another cluster."""
        if error.hint:
            return
        profile, name = refused.profile, as_user.partition("@")[0]
        others = [
            session.profile.title
            for session in self.sessions(refused.jupyter_user)
            if session is not refused and session.identity.user == name
        ]
        error.hint = (
            f"You are {name} on {', '.join(others)}; this is {profile.title}."
            if others
            else f"Check the spelling. {profile.title} asks {asked_by(profile)}."
        )

    def _record(
        self,
        session: Session,
        action: Action,
        outcome: str = "ok",
        token: TokenInfo | None = None,
        *,
        principal: str = "",
    ) -> None:
        if self._audit is None:
            return
        identity = session.identity
        ends = (token or identity).expires_at
        lasts = outcome == "ok" and action not in ("logout", "cancel", "expire")
        self._audit.record(
            action,
            user=session.jupyter_user,
            principal=principal or identity.principal,
            cluster=session.profile.name,
            outcome=outcome,
            method=None if token else session.prover.method,
            service=token.service if token else None,
            lifetime_s=ends - time.time() if ends and lasts else None,
        )
