"""Every cluster side by side: decides which pollers run, and tells everyone who looks."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from jupyter_ext import PROTOCOL
from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.clusters.watch import ProfileWatcher
from jupyter_ext.credentials.models import Identity
from jupyter_ext.errors import InvalidInput
from jupyter_ext.hadoop.access import Access, Nobody
from jupyter_ext.hadoop.models import AppActivities, LogTail
from jupyter_ext.status.models import (
    BoardMessage,
    Card,
    ClusterStatus,
    IdentityMessage,
    NodeList,
    Sample,
    StatusMessage,
)
from jupyter_ext.status.poller import Poller
from jupyter_ext.status.subscription import Change, Frame, Subscription

if TYPE_CHECKING:
    from jupyter_ext.hadoop.clients import Hadoop

log = logging.getLogger(__name__)

STAGGER_S = 0.03
"""Between the first questions to two clusters, so that their answers do not come all at once."""
NODE_STATES = (
    "NEW",
    "RUNNING",
    "UNHEALTHY",
    "LOST",
    "REBOOTED",
    "DECOMMISSIONING",
    "DECOMMISSIONED",
    "SHUTDOWN",
)
"""All of ``NodeState``; without a filter, ResourceManagers leave out the inactive ones."""
_APP_ID = re.compile(r"application_\d+_\d+")


class StatusBoard:
    """The status of every cluster.

    A cluster is polled while at least one subscription watches it, once for all of them.

    Parameters
    ----------
    profiles
        Where the profiles are.
    tick_s
        Seconds between two polls of a watched cluster.
    version
        Version of the server extension, told to every subscriber.
    watch_s
        Seconds between two looks at the profiles on disk, while somebody is subscribed.
    access
        As whom the clusters are asked.
    """

    def __init__(
        self,
        profiles: ProfileStore,
        *,
        tick_s: float = 5.0,
        version: str = "",
        watch_s: float = 2.0,
        access: Access | None = None,
    ) -> None:
        self._profiles = profiles
        self._access = access or Nobody()
        self._unsubscribe = self._access.subscribe(self._identity_changed)
        self._seen: list[Profile] = []
        self._watch_s = watch_s
        self._tick_s = tick_s
        self._version = version
        self._subscriptions: set[Subscription] = set()
        self._pollers: dict[str, Poller] = {}
        self._loaded = False
        self._picture: Frame | None = None
        self._watching: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    # -- watching -----------------------------------------------------------------------------

    def subscribe(self) -> Subscription:
        """Watch all clusters; the first message is the whole picture.

        Must be called in a running event loop.
        """
        subscription = Subscription(self._watch_changed)
        self._subscriptions.add(subscription)
        if self._watching is None:
            self._watching = asyncio.create_task(self._follow_profiles(), name="watch profiles")
        if self._loaded:
            subscription.offer_board(self._board())
            self._settle()
        return subscription

    async def stop(self) -> None:
        """End every subscription, poll and connection."""
        self._unsubscribe()
        for subscription in list(self._subscriptions):
            subscription.close()
        pollers = list(self._pollers.values())
        self._pollers, self._loaded = {}, False
        await asyncio.gather(*(poller.stop() for poller in pollers))
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _watch_changed(self, subscription: Subscription, change: Change) -> None:
        if subscription.closed:
            self._subscriptions.discard(subscription)
            if not self._subscriptions and self._watching is not None:
                self._watching.cancel()
                self._watching = None
        else:
            for name, poller in self._pollers.items():
                if subscription.wants(name) and change.is_new(name):
                    subscription.offer(name, Frame(StatusMessage(status=poller.status())))
        self._settle()
        if change.refresh:
            for name, poller in self._pollers.items():
                if subscription.wants(name):
                    poller.refresh()

    def _settle(self) -> None:
        """Let exactly those pollers run that somebody watches."""
        starting = []
        for name, poller in self._pollers.items():
            if not any(subscription.wants(name) for subscription in self._subscriptions):
                poller.pause()
            elif not poller.running:
                starting.append(poller)
        for index, poller in enumerate(starting):
            poller.resume(after_s=index * STAGGER_S, place=index / len(starting))

    def _publish(self, name: str, status: ClusterStatus, sample: Sample | None) -> None:
        self._picture = None
        frame = Frame(StatusMessage(status=status, sample=sample))
        for subscription in self._subscriptions:
            if subscription.wants(name):
                subscription.offer(name, frame)

    # -- profiles -----------------------------------------------------------------------------

    async def _follow_profiles(self) -> None:
        while True:
            try:
                async for profiles in ProfileWatcher(self._profiles, self._watch_s):
                    self._take(profiles)
            except OSError:
                # A network file system may fail for a while; what was known stays.
                log.exception("The profiles of the clusters cannot be read.")
                await asyncio.sleep(self._watch_s)

    def _take(self, profiles: Iterable[Profile]) -> None:
        """Restart the pollers of changed profiles, end those of removed ones, tell everyone."""
        old, self._pollers = self._pollers, {}
        self._seen = list(profiles)
        for profile in map(self._access.known, self._seen):
            poller = old.get(profile.name)
            if poller is None or poller.profile != profile:
                successor = Poller(
                    profile,
                    tick_s=self._tick_s,
                    publish=partial(self._publish, profile.name),
                    access=self._access,
                )
                if poller is not None:
                    successor.snapshot.history.extend(poller.snapshot.history)
                poller = successor
            self._pollers[profile.name] = poller
        for name, poller in old.items():
            if self._pollers.get(name) is not poller:
                self._leave(poller)
        self._loaded, self._picture = True, None
        self._settle()
        frame = self._board()
        for subscription in self._subscriptions:
            subscription.offer_board(frame)

    def _identity_changed(self, identity: Identity) -> None:
        """Tell everyone; whoever is logged in anew is asked for with other clients."""
        if not self._loaded:
            return
        poller = self._pollers.get(identity.cluster)
        profile = next((one for one in self._seen if one.name == identity.cluster), None)
        if poller is None or profile is None:
            return
        self._picture = None
        if poller.profile != self._access.known(profile):
            self._take(self._seen)
        frame = Frame(IdentityMessage(identity=identity))
        for subscription in self._subscriptions:
            subscription.offer(identity.cluster, frame)

    def _leave(self, poller: Poller) -> None:
        task = asyncio.create_task(poller.stop())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _board(self) -> Frame:
        """Draw the whole picture; the same one for all who come before anything changes."""
        if self._picture is None:
            cards = [self._card(poller, poller.status()) for poller in self._pollers.values()]
            self._picture = Frame(
                BoardMessage(
                    version=self._version, protocol=PROTOCOL, tick_s=self._tick_s, cards=cards
                )
            )
        return self._picture

    # -- asking -------------------------------------------------------------------------------

    async def card(self, name: str) -> Card:
        """One cluster with everything known about it, asked now unless it is being polled.

        Raises
        ------
        NotFound
            If there is no such profile.
        """
        poller = await self._poller(name)
        if poller.running and (status := poller.status()).state != "connecting":
            return self._card(poller, status)
        return self._card(poller, await poller.poll())

    async def nodes(self, name: str) -> NodeList:
        """List the NodeManagers of a cluster, the lost ones included."""
        async with self._clients(name) as hadoop:
            return NodeList(nodes=await hadoop.resourcemanager.nodes(states=NODE_STATES))

    async def kill(self, name: str, app_id: str) -> None:
        """Kill an application, and look at once what became of it.

        Raises
        ------
        NotFound
            If there is no such profile or application.
        Forbidden
            If it is somebody else's.
        """
        _check_id(name, app_id)
        poller = await self._poller(name)
        async with poller.client() as hadoop:
            await hadoop.resourcemanager.kill(app_id)
        poller.refresh("metrics", "apps")

    async def log(self, name: str, app_id: str, file: str, size_bytes: int) -> LogTail:
        """Read the end of a log file of an application's master."""
        _check_id(name, app_id)
        async with self._clients(name) as hadoop:
            return await hadoop.resourcemanager.log(app_id, file, size_bytes)

    async def activities(self, name: str, app_id: str) -> AppActivities:
        """Ask why an application waits, the scheduler too; takes some seconds."""
        _check_id(name, app_id)
        poller = await self._poller(name)
        async with poller.client() as hadoop:
            app = await hadoop.resourcemanager.app(app_id)
            said = await hadoop.resourcemanager.activities(app_id)
        waiting = poller.snapshot.explain(app)
        if not waiting:
            return said
        return AppActivities(app=app_id, waiting=waiting, details=[said.waiting, *said.details])

    def _card(self, poller: Poller, status: ClusterStatus) -> Card:
        return Card(
            profile=poller.profile,
            status=status,
            history=list(poller.snapshot.history),
            identity=self._access.identity(poller.profile),
        )

    async def _poller(self, name: str) -> Poller:
        """Find the poller of a cluster, or make one that just answers this question."""
        profile = self._access.known(await asyncio.to_thread(self._profiles.get, name))
        poller = self._pollers.get(name)
        if poller is not None and poller.profile == profile:
            return poller
        return Poller(profile, access=self._access)

    @asynccontextmanager
    async def _clients(self, name: str) -> AsyncIterator[Hadoop]:
        async with (await self._poller(name)).client() as hadoop:
            yield hadoop


def _check_id(cluster: str, app_id: str) -> None:
    if not _APP_ID.fullmatch(app_id):
        raise InvalidInput(
            f"{app_id!r} is no application id.",
            hint="It looks like application_1700000000000_0001.",
            cluster=cluster,
        )
