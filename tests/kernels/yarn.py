"""Kernels' applications on the sandbox, for tests."""

from __future__ import annotations

import asyncio
import functools
import io
import secrets
import uuid
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.negotiate import Negotiate
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.hadoop.access import Nobody
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.kernels.agent_archive import agent_archive
from jupyter_ext.kernels.backend import Order
from jupyter_ext.kernels.models import Failure
from jupyter_ext.kernels.yarn import YarnBackend

OWNER = "alice"


class WithTicket(Nobody):
    """Asks clusters with Kerberos as somebody who logged in here; the others as alice."""

    def __init__(self, directory: Path, user: str = OWNER) -> None:
        self._directory = directory / user
        self._user = user
        self._auth: Negotiate | None = None

    async def open(self, profile: Profile) -> Hadoop:
        if profile.auth == "kerberos" and self._auth is None:
            self._directory.mkdir(mode=0o700)
            principal = f"{self._user}@{profile.realm}"
            await Realm(profile, self._directory).login(principal, f"{self._user}-password")
            files = (self._directory / "krb5cc", self._directory / "krb5.conf")
            self._auth = Negotiate(principal, ServiceTickets(profile, *files))
        auth = self._auth if profile.auth == "kerberos" else None
        return await asyncio.to_thread(Hadoop.open, profile, auth=auth)


class Phases:
    """What was told; the same phase with other words counts as one."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def __call__(self, name: str, detail: str) -> None:
        if (name, detail) not in self.told:
            self.told.append((name, detail))

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.told))

    def detail(self, name: str) -> str:
        return next((detail for told, detail in reversed(self.told) if told == name), "")


class Yarn:
    """A backend on the sandbox's clusters, with an agent of one's own."""

    def __init__(
        self,
        layers: list[Any],
        directory: Path,
        agent: Callable[[], bytes] = agent_archive,
        user: str = OWNER,
    ) -> None:
        self.agent = agent
        self.profiles = ProfileStore(layers)
        self.access = WithTicket(directory, user)
        self.backend = YarnBackend(self.access, self.profiles, agent)

    def order(self, cluster: str = "dev", **values: Any) -> Order:
        kernel_id = str(uuid.uuid4())
        return Order(
            kernel_id=kernel_id,
            owner=OWNER,
            title=f"Test on {cluster}",
            profile=self.profiles.get(cluster),
            values={"memory_mb": 128, "vcores": 1} | values,
            bootstrap={
                "kernel_id": kernel_id,
                "secret": secrets.token_hex(32),
                "hubs": ["unix:///nowhere"],
                "fingerprint": None,
                "ca": None,
                "lease_s": 60,
            },
        )

    async def outcome(self, order: Order) -> tuple[Failure, Phases]:
        """Start an application that ends by itself; why it did, and what was told."""
        phases = Phases()
        handle = await self.backend.prepare(order, phases)
        try:
            await self.backend.start(order, handle, phases)
            async with asyncio.timeout(60):
                return await self.backend.watch(handle, phases), phases
        finally:
            await self.backend.end(handle)

    @asynccontextmanager
    async def started(self, order: Order) -> AsyncIterator[tuple[dict[str, Any], Phases]]:
        """An application that is killed at the end; its handle, and what is told of it."""
        phases = Phases()
        handle = await self.backend.prepare(order, phases)
        watching = None
        try:
            await self.backend.start(order, handle, phases)
            watching = asyncio.create_task(self.backend.watch(handle, phases))
            yield handle, phases
        finally:
            if watching is not None:
                watching.cancel()
            await self.backend.end(handle)

    @asynccontextmanager
    async def open(self, cluster: str = "dev") -> AsyncIterator[Hadoop]:
        hadoop = await self.access.open(self.profiles.get(cluster))
        try:
            yield hadoop
        finally:
            await hadoop.aclose()


def agent_that(code: str) -> Callable[[], bytes]:
    """The real agent's modules, with another program."""

    def archive() -> bytes:
        buffer = io.BytesIO(agent_archive())
        made = io.BytesIO()
        with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(made, "w") as target:
            for name in source.namelist():
                target.writestr(name, code if name == "__main__.py" else source.read(name))
        return made.getvalue()

    return functools.cache(archive)
