"""Kernels in Docker containers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import JupyterExtError, Misconfigured, Unreachable
from jupyter_ext.files import replace
from jupyter_ext.kernels.backend import Condition, Found, Handle, LaunchFailed, Order, Tell
from jupyter_ext.kernels.docker_container import (
    BOOTSTRAP,
    KERNEL_ID,
    OWNER,
    PREFIX,
    SECRETS,
    TITLE,
    Wishes,
    body,
    files,
    name_of,
    numeric_user,
)
from jupyter_ext.kernels.docker_daemon import CONFLICT, NOT_FOUND, Daemon, Refused, connect
from jupyter_ext.kernels.docker_engine import Engine
from jupyter_ext.kernels.docker_failures import (
    LAST_LINES,
    ended,
    gone,
    no_volume,
    refused,
)
from jupyter_ext.kernels.docker_image import ensure
from jupyter_ext.kernels.models import Failure

WATCH_S = 60.0
"""A wait for a container's end is asked anew after this long: its connection may be dead."""
RETRY_S = 2.0
_NOBODY = (1000, 1000)
_UNIX = "unix://"


@dataclass(frozen=True)
class Nature:
    """What follows from how a daemon runs."""

    user: tuple[int, int] | None
    """Who we are in its containers; None if it does not see this machine's files as we do."""

    @classmethod
    def of(cls, engine: Engine, options: str) -> Nature:
        """Read it from the security options of ``docker info``."""
        if not engine.local or "name=userns" in options or "name=selinux" in options:
            return cls(None)
        # A rootless daemon's root is the user who runs it.
        return cls((0, 0) if "name=rootless" in options else (os.geteuid(), os.getegid()))

    def shares_files(self, user: tuple[int, int]) -> bool:
        """Whether that user of a container may read what only we may read here."""
        return self.user is not None and self.user[0] == user[0]


class _NotShared(Exception):
    """The daemon is local and does not see our files: one of us runs in a container itself."""


class DockerBackend:
    """Starts, finds and ends kernels' containers on any number of Docker daemons.

    Parameters
    ----------
    directory
        Where bootstraps lie while their containers live; made with mode 0700.
    agent
        Gives the agent's ``.pyz``.
    profiles
        Gives the profiles whose daemons are looked through for containers.
    """

    def __init__(
        self,
        directory: Path,
        agent: Callable[[], bytes],
        profiles: Callable[[], Sequence[Profile]] = tuple,
    ) -> None:
        self._directory = directory
        self._agent = agent
        self._profiles = profiles
        self._natures: dict[Engine, Nature] = {}

    async def prepare(self, order: Order, tell: Tell) -> Handle:
        """Name the container, after a look at what can be known to be wrong."""
        tell("preparing", "")
        Wishes.of(order)
        return _handle(Engine.of(order.profile), name_of(order.kernel_id))

    async def start(self, order: Order, handle: Handle, tell: Tell) -> None:
        """Get the image, make the container, put the agent into it and start it."""
        wishes, engine = Wishes.of(order), _engine(handle)
        async with connect(engine) as daemon:
            nature = await self._nature(engine, daemon)
            image = await ensure(daemon, wishes.image, tell, engine.cluster)
            tell("starting", f"container {handle['container']}")
            try:
                try:
                    await self._make(daemon, order, wishes, nature, image)
                except _NotShared:
                    nature = self._natures[engine] = Nature(None)
                    await self._make(daemon, order, wishes, nature, image)
            except Refused as refusal:
                await self._remove(daemon, handle)
                failure = refused(refusal.said, wishes.image)
                raise LaunchFailed(failure, engine.cluster) from refusal
            except JupyterExtError:
                await self._remove(daemon, handle)
                raise

    async def watch(self, handle: Handle, tell: Tell) -> Failure:
        """Wait for the container's end, through any silence of the daemon, and say why it was."""
        name = handle["container"]
        while True:
            try:
                async with connect(_engine(handle)) as daemon:
                    if await daemon.wait(name, WATCH_S):
                        return await _ended(daemon, name)
            except Unreachable:
                await asyncio.sleep(RETRY_S)
            except Refused as refusal:
                if refusal.status == NOT_FOUND:
                    return gone()
                await asyncio.sleep(RETRY_S)

    async def inspect(self, handle: Handle) -> Condition:
        """Ask the daemon how the container is."""
        engine, name = _engine(handle), handle["container"]
        host = engine.hostname or socket.gethostname()
        try:
            async with connect(engine) as daemon:
                if not (await daemon.show(name))["State"]["Running"]:
                    return Condition(False, host, failure=await _ended(daemon, name))
        except Unreachable:
            return Condition(None, host)
        except Refused as refusal:
            if refusal.status != NOT_FOUND:
                return Condition(None, host)
            return Condition(False, host, failure=gone())
        return Condition(True, host)

    async def end(self, handle: Handle) -> None:
        """Remove the container, whatever state it is in, and its bootstrap."""
        async with connect(_engine(handle)) as daemon:
            await self._remove(daemon, handle)

    async def logs(self, handle: Handle, lines: int) -> str:
        """Give the end of what the container printed; nothing once it is gone."""
        async with connect(_engine(handle)) as daemon:
            try:
                return await daemon.log(handle["container"], lines)
            except Refused as refusal:
                if refusal.status != NOT_FOUND:
                    raise
                return ""

    async def find(self, owner: str) -> list[Found]:
        """List the user's containers on the daemons of all profiles that answer."""
        engines = []
        for profile in (None, *await asyncio.to_thread(self._profiles)):
            try:
                engines.append(Engine.of(profile))
            except Misconfigured:
                continue  # whoever starts a kernel there is told
        unique = dict.fromkeys(engines)
        found = await asyncio.gather(*(_find(engine, owner) for engine in unique))
        return [each for some in found for each in some]

    async def close(self) -> None:
        """Nothing is kept open between two operations."""

    async def _make(
        self,
        daemon: Daemon,
        order: Order,
        wishes: Wishes,
        nature: Nature,
        image: dict[str, Any],
    ) -> None:
        """Create and start the container, from wherever an earlier attempt got to."""
        cluster = order.profile.name if order.profile else None
        for source, _, _ in wishes.volumes:
            # Docker would make an empty one instead.
            if not source.startswith("/") and not await daemon.has_volume(source):
                raise LaunchFailed(no_volume(source), cluster)
        user = wishes.user or nature.user or _user_of(image)
        shared = nature.shares_files(user)
        name, mounted = name_of(order.kernel_id), dict[str, str]()
        if not shared:
            _check_hubs(order, cluster)
        else:
            place = await asyncio.to_thread(self._place_bootstrap, order)
            sockets = (Path(hub.removeprefix(_UNIX)).parent for hub in _unix_hubs(order))
            mounted = {str(place): SECRETS, **{str(path): str(path) for path in sockets}}
        try:
            await daemon.create(name, body(order, wishes, user, mounted))
        except Refused as refusal:
            if refusal.status != CONFLICT:
                if any(f"does not exist: {path}" in refusal.said for path in mounted):
                    raise _NotShared from refusal
                raise
            labels = (await daemon.show(name))["Config"]["Labels"]
            if (labels or {}).get(KERNEL_ID) != order.kernel_id:
                raise
        if (await daemon.show(name))["State"]["Status"] != "created":
            return
        secret = None if shared else order.bootstrap
        packed = await asyncio.to_thread(lambda: files(self._agent(), secret, user, wishes.volumes))
        await daemon.put(name, packed)
        await daemon.start(name)

    async def _nature(self, engine: Engine, daemon: Daemon) -> Nature:
        if engine not in self._natures:
            options = " ".join((await daemon.info()).get("SecurityOptions") or ())
            self._natures[engine] = Nature.of(engine, options)
        return self._natures[engine]

    def _place_bootstrap(self, order: Order) -> Path:
        """Write the bootstrap into a directory of its own, which is to be mounted."""
        place = self._directory / order.kernel_id
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.mkdir(mode=0o700, exist_ok=True)
        replace(place / BOOTSTRAP, json.dumps(dict(order.bootstrap)))
        return place

    async def _remove(self, daemon: Daemon, handle: Handle) -> None:
        kernel_id = str(handle["container"]).removeprefix(PREFIX)
        try:
            await daemon.remove(handle["container"])
        finally:
            place = self._directory / kernel_id
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


def _handle(engine: Engine, container: str) -> Handle:
    return {"container": container, "engine": engine.to_json()}


def _engine(handle: Handle) -> Engine:
    return Engine(**handle["engine"])


def _unix_hubs(order: Order) -> list[str]:
    return [hub for hub in order.bootstrap["hubs"] if hub.startswith(_UNIX)]


def _check_hubs(order: Order, cluster: str | None) -> None:
    """Refuse a kernel that sees no socket of this machine and could never call this server."""
    if len(_unix_hubs(order)) == len(order.bootstrap["hubs"]):
        raise Misconfigured(
            "A kernel in that container could not call this server, which listens on a socket that "
            "only you on this machine can use.",
            hint="Set JupyterExtApp.hub_listen to an address that containers can reach, for "
            "example tls://0.0.0.0:8899.",
            cluster=cluster,
        )


def _user_of(image: dict[str, Any]) -> tuple[int, int]:
    """Give uid and gid that an image runs as, unless it names somebody."""
    return numeric_user((image.get("Config") or {}).get("User") or "") or _NOBODY


async def _ended(daemon: Daemon, name: str) -> Failure:
    said = await daemon.show(name)
    if said["State"]["Status"] in ("removing", "dead"):
        return gone()
    return ended(said, await daemon.log(name, LAST_LINES))


async def _find(engine: Engine, owner: str) -> list[Found]:
    try:
        async with connect(engine) as daemon:
            listed = await daemon.labelled(f"{OWNER}={owner}")
    except (Unreachable, Misconfigured, Refused):
        return []
    return [
        Found(
            kernel_id=each["Labels"][KERNEL_ID],
            owner=owner,
            handle=_handle(engine, each["Names"][0].lstrip("/")),
            title=each["Labels"].get(TITLE, ""),
            started_at=float(each["Created"]),
        )
        for each in listed
        if KERNEL_ID in each["Labels"]
    ]
