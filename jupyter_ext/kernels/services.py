"""What kernels need of the process that starts them: made once, in a server or in any program."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.clusters.reader import login_name
from jupyter_ext.credentials.kernel import credential_directory
from jupyter_ext.kernels.backend import Backend
from jupyter_ext.kernels.forms import LaunchForms
from jupyter_ext.kernels.launcher import STOP_S, Launcher
from jupyter_ext.kernels.models import Backend as BackendName
from jupyter_ext.kernels.owner import Owner
from jupyter_ext.kernels.registry import KernelRegistry
from jupyter_ext.store import Store
from jupyter_ext.sync import LoopThread

if TYPE_CHECKING:
    from jupyter_ext.hadoop.access import Access
    from jupyter_ext.kernels.hub import Hub

T = TypeVar("T")

OWN_SOCKET = "unix://"
ANY_PORT = "tls://0.0.0.0:0"
PROGRAM_LEASE_S = 60
"""Seconds that a kernel survives the program, such as papermill, that started it."""


class Forms(Protocol):
    """Who knows what a kernel was asked to be started with."""

    async def values(
        self, user: str, kernel_id: str, name: str, environ: Mapping[str, str]
    ) -> dict[str, Any]:
        """Give the values of one kernel."""


class KernelServices:
    """Everything that kernels share in one process. Belongs to one event loop.

    Parameters
    ----------
    user
        The Jupyter user whose kernels are started.
    place
        See :class:`Owner`.
    access
        As whom clusters are asked.
    credentials
        Gives the credential directory of a user's kernels.
    listen
        Where the hub listens once a kernel is started that is not on this machine.
    urls
        Addresses of the hub that others forward to it: ``wss`` ones.
    """

    def __init__(
        self,
        *,
        user: str,
        place: str,
        profiles: ProfileStore,
        access: Access,
        credentials: Callable[[str], Path | None],
        registry: KernelRegistry | None = None,
        store: Store | None = None,
        listen: str = ANY_PORT,
        urls: Callable[[], list[str]] = list,
        lease_s: int | None = None,
    ) -> None:
        self.user = user
        self.profiles = profiles
        self.registry = KernelRegistry() if registry is None else registry
        self.store = Store() if store is None else store
        self.hub = make_hub()
        self.forms: Forms | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        """The one that this belongs to; that of the first start if it is not set."""
        self._access = access
        self._backends: dict[str, Backend] = {}
        self.launcher = Launcher(
            self.hub,
            self.store,
            Owner(self.store, place),
            self.backend,
            self.registry,
            credentials,
            listen=listen,
            urls=urls,
            lease_s=lease_s,
        )

    @staticmethod
    def of_process() -> KernelServices:
        """Give those of a program that is no Jupyter server; made when first asked for."""
        return _of_process()

    def backend(self, name: BackendName) -> Backend:
        """Give a backend."""
        if name not in self._backends:
            self._backends[name] = make_backend(name, self.profiles, self._access)
        return self._backends[name]

    async def profile(self, name: str | None) -> Profile | None:
        """Find a profile."""
        if name is None:
            return None
        return self._access.known(await asyncio.to_thread(self.profiles.get, name))

    async def values(self, kernel_id: str, spec: str) -> dict[str, Any]:
        """Give what a kernel was asked to be started with."""
        if self.forms is None:
            return {}
        return await self.forms.values(self.user, kernel_id, spec, os.environ)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop of the services, from whatever loop."""
        here = asyncio.get_running_loop()
        if self.loop is None:
            self.loop = here
        if here is self.loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    async def close(self) -> None:
        """Let all kernels go on by themselves, and close everything."""
        await self.launcher.close()
        for backend in self._backends.values():
            await backend.close()
        await asyncio.to_thread(self.hub.close)
        await self.store.close()

    def end_now(self) -> None:
        """End all kernels when the program ends: no thread can be started any more."""
        kernels = self.launcher.running()
        for each in kernels:
            each.attachment.tell({"type": "stop", "grace_s": STOP_S})
        deadline = time.monotonic() + STOP_S
        while time.monotonic() < deadline and not all(each.is_gone for each in kernels):
            time.sleep(0.05)
        self.hub.close()
        self.launcher.owner.close()


def make_hub() -> Hub:
    """Make the hub of this process; it starts with the first kernel."""
    from jupyter_ext.kernels.certificate import Certificate
    from jupyter_ext.kernels.hub import Hub

    directory = Path(jupyter_runtime_dir()) / "jupyter-ext-hub"
    return Hub(directory, Certificate(_data() / "hub.pem"), [OWN_SOCKET])


def make_backend(name: BackendName, profiles: ProfileStore, access: Access) -> Backend:
    """Make a backend."""
    if name == "local":
        from jupyter_ext.kernels.local import LocalBackend

        return LocalBackend()
    if name == "docker":
        from jupyter_ext.kernels.agent_archive import agent_archive
        from jupyter_ext.kernels.docker import DockerBackend

        return DockerBackend(_data() / "docker", agent_archive, profiles.list)
    from jupyter_ext.kernels.yarn import YarnBackend

    return YarnBackend(access, profiles)


def _data() -> Path:
    path = Path(jupyter_data_dir()) / "jupyter-ext"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@functools.cache
def _of_process() -> KernelServices:
    from jupyter_ext.credentials.kernel import KernelCredentials
    from jupyter_ext.hadoop.access import FromDirectory

    services = KernelServices(
        user=login_name() or "owner",  # as in a server without users of its own
        place="",
        profiles=ProfileStore.from_jupyter_paths(),
        access=FromDirectory(KernelCredentials.here()),
        credentials=lambda _: credential_directory(),
        lease_s=PROGRAM_LEASE_S,
    )
    services.forms = LaunchForms.of_program(services.profiles)
    services.loop = LoopThread().loop
    atexit.register(services.end_now)
    return services
