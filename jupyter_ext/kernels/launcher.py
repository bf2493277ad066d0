"""Starts kernels, adopts them, and ends them, in a Jupyter server or in any other program."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import JupyterExtError, Unavailable
from jupyter_ext.kernels import addresses, failures
from jupyter_ext.kernels.backend import Backend, LaunchFailed, Order, Tell
from jupyter_ext.kernels.models import Backend as BackendName
from jupyter_ext.kernels.models import PhaseName
from jupyter_ext.kernels.owner import RENEW_S, Owner
from jupyter_ext.kernels.registry import KernelRegistry
from jupyter_ext.kernels.running import Running
from jupyter_ext.kernels.startup import bring_up, until_it_answers
from jupyter_ext.kernels.values import defaults_of
from jupyter_ext.kernels.wanted import Wanted, container_of, row_of, to_keep, view_of
from jupyter_ext.store import KernelRow, Store

if TYPE_CHECKING:
    from jupyter_ext.kernels.attachment import Attachment
    from jupyter_ext.kernels.hub import Hub

log = logging.getLogger(__name__)

LEASE_S = 1800
"""Seconds that an adopted kernel which was a program's waits for a server to come back."""
BACK_S = 15.0
"""Seconds to wait for an agent that is away when something is to be asked of it."""
STOP_S = 5.0


class Launcher:
    """Starts, adopts and ends kernels. Belongs to one event loop.

    Parameters
    ----------
    backends
        Gives a backend by its name.
    credentials
        Gives the credential directory of a Jupyter user's kernels.
    listen
        Where the hub listens once there is a kernel of another backend; empty for nowhere.
    urls
        Gives addresses of others who pass connections on to the hub.
    lease_s
        Seconds without this process after which a kernel ends itself, if its profile does not say
        less; None for what the profile says.
    """

    def __init__(
        self,
        hub: Hub,
        store: Store,
        owner: Owner,
        backends: Callable[[BackendName], Backend],
        registry: KernelRegistry,
        credentials: Callable[[str], Path | None],
        *,
        listen: str,
        urls: Callable[[], list[str]],
        lease_s: int | None = None,
    ) -> None:
        self.registry = registry
        self.store = store
        self.owner = owner
        self._hub = hub
        self._backends = backends
        self._credentials = credentials
        self._listen = listen
        self._urls = urls
        self._lease_s = lease_s
        self._listens: list[str] = []
        """Those of the hub's addresses that are its own, not taken over from another one's."""
        self._starting_hub = asyncio.Lock()
        self._leaving: set[str] = set()
        self._notebooks: dict[str, str | None] = {}
        self._kernels: dict[str, Running] = {}
        self._starts: dict[str, asyncio.Task[Running]] = {}
        self._renewal: asyncio.Task[None] | None = None

    def get(self, kernel_id: str) -> Running | None:
        """Give a kernel that this process has; None for another."""
        return self._kernels.get(kernel_id)

    def running(self) -> list[Running]:
        """Give all kernels that this process has."""
        return list(self._kernels.values())

    async def start(self, wanted: Wanted) -> Running:
        """Start a kernel and return when it answers.

        Raises
        ------
        LaunchFailed
            If it does not, or :meth:`cancel` was called; nothing is left of it then.
        """
        task = asyncio.create_task(self._start(wanted), name=f"start {wanted.kernel_id}")
        return await self._finish(wanted.kernel_id, task, wanted.profile)

    async def resume(self, running: Running) -> None:
        """Bring up a kernel whose server ended while it was being started; as :meth:`start`."""

        async def go_on() -> Running:
            try:
                await bring_up(running, self._tell(running.kernel_id))
            except BaseException as error:
                await self._give_up(running.row, running, running.backend)
                self.registry.fail(running.kernel_id, failures.explain(error))
                raise
            return running

        task = asyncio.create_task(go_on(), name=f"start {running.kernel_id}")
        await self._finish(running.kernel_id, task, None)

    def cancel(self, kernel_id: str) -> bool:
        """Give up a start; False if there is none."""
        task = self._starts.get(kernel_id)
        return task is not None and task.cancel()

    async def restart(self, running: Running, launch: Mapping[str, Any]) -> None:
        """Start the kernel process again, where it is.

        Parameters
        ----------
        launch
            For a process that has ended already; one that runs is started again as it was.

        Raises
        ------
        LaunchFailed
            If it does not answer, or its agent cannot be reached.
        """
        kernel_id, starts = running.kernel_id, running.starts
        self.registry.change(kernel_id, state="restarting")
        try:
            async with asyncio.timeout(BACK_S):
                await running.attachment.attached()
            if running.exit_code is None:
                await running.attachment.request({"type": "restart"}, timeout_s=BACK_S)
            else:
                running.launch = dict(launch)
                await running.change(launch=to_keep(running.launch))
                running.attachment.tell({"type": "launch", **launch})
        except (TimeoutError, JupyterExtError) as error:
            self.registry.change(kernel_id, state="unreachable")
            raise LaunchFailed(running.failure or failures.unreachable()) from error
        try:
            await until_it_answers(running, starts)
        except LaunchFailed as failed:
            self.registry.fail(kernel_id, failed.failure)
            raise
        self.registry.change(kernel_id, state="running")

    async def adopt(self, row: KernelRow) -> Running:
        """Take over a kernel whose owner has ended; it is ours in the store already."""
        await self._start_hub()
        async with self._starting_hub:
            for address in row.listens:
                if address not in self._hub.addresses:
                    try:
                        await asyncio.to_thread(self._hub.listen, address)
                    except JupyterExtError as error:
                        log.info("%s", error.message)
        secret = bytes.fromhex(row.bootstrap["secret"])
        attachment = await asyncio.to_thread(
            self._hub.register, row.kernel_id, secret, row.instance
        )
        running = self._take(row, row.launch, attachment, self._backends(row.backend))
        running.watch()
        if row.place != self.owner.place:
            # It was a program's, or another directory's server's; from now on it is this one's.
            await running.change(place=self.owner.place)
            attachment.tell({"type": "lease", "seconds": self._lease_s or LEASE_S})
        return running

    async def end(self, kernel_id: str, *, again: bool = False) -> None:
        """End a kernel with its container; one that is gone is no error.

        Parameters
        ----------
        again
            Whether it is about to get another container.
        """
        if not again:
            self._notebooks.pop(kernel_id, None)
        running = self._kernels.pop(kernel_id, None)
        if running is None:
            return
        running.hide()
        if running.attachment.state.attached:
            running.attachment.tell({"type": "stop", "grace_s": STOP_S})
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await running.until(lambda: running.is_gone or None)
        await self._tidy(running.row, running, running.backend)
        self.registry.remove(kernel_id)

    async def detach(self, kernel_id: str) -> None:
        """Let a kernel go on without us, for somebody to adopt."""
        if task := self._starts.get(kernel_id):
            self._leaving.add(kernel_id)
            task.cancel()
            await asyncio.wait([task])
            self._leaving.discard(kernel_id)
        running = self._kernels.pop(kernel_id, None)
        if running is not None:
            self.registry.remove(kernel_id)
            await running.close()

    async def push_credentials(self, user: str) -> None:
        """Give all kernels of a user what is in the credential directory by now."""
        kernels = [each for each in self.running() if each.row.user == user]
        await asyncio.gather(*(each.push_credentials() for each in kernels))

    async def keep_lease(self) -> None:
        """Let others know from now on that this process lives; nothing is ours before."""

        async def renew() -> None:
            await self.owner.tidy()
            while True:
                await asyncio.sleep(RENEW_S)
                try:
                    await self.owner.renew()
                except Unavailable as error:
                    log.warning("%s %s", error.message, error.hint)

        await self.owner.renew()
        if self._renewal is None:
            self._renewal = asyncio.create_task(renew(), name="renew lease of kernels")

    def note(self, kernel_id: str, notebook: str | None) -> None:
        """Learn which notebook has a kernel, which may be about to start."""
        self._notebooks[kernel_id] = notebook
        self.registry.change(kernel_id, notebook=notebook)

    async def close(self) -> None:
        """Give up all starts whose containers do not exist yet; leave the others to be adopted."""
        for kernel_id in {*self._starts, *self._kernels}:
            await self.detach(kernel_id)
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)
        with suppress(Unavailable):
            await self.owner.leave()

    # -- starting -----------------------------------------------------------------------------

    async def _finish(
        self, kernel_id: str, task: asyncio.Task[Running], profile: Profile | None
    ) -> Running:
        self._starts[kernel_id] = task
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise
        finally:
            del self._starts[kernel_id]
        try:
            return task.result()
        except asyncio.CancelledError:
            raise LaunchFailed(failures.cancelled(), profile.name if profile else None) from None

    async def _start(self, wanted: Wanted) -> Running:
        view = view_of(wanted)
        notebook = self._notebooks.get(wanted.kernel_id)
        self.registry.put(view.model_copy(update={"notebook": notebook}))
        tell = self._tell(wanted.kernel_id)
        secret = secrets.token_bytes(32)
        row: KernelRow | None = None
        running: Running | None = None
        attachment: Attachment | None = None
        try:
            tell("preparing", "")
            if self._renewal is None:
                await self.keep_lease()
            backend = self._backends(wanted.backend)
            await self._start_hub()
            order = await self._order(wanted, secret)
            attachment = await asyncio.to_thread(self._hub.register, wanted.kernel_id, secret)
            handle = await backend.prepare(order, tell)
            row = row_of(wanted, order, handle, self.owner, self._listens)
            await self.store.add_kernel(row)
            self.registry.change(wanted.kernel_id, container=container_of(handle))
            await backend.start(order, handle, tell)
            running = self._take(row, wanted.launch, attachment, backend)
            await bring_up(running, tell)
        except BaseException as error:
            if running is None and attachment is not None:
                attachment.close()
            if row is not None and not (running and wanted.kernel_id in self._leaving):
                await self._give_up(row, running, backend)
            self.registry.fail(wanted.kernel_id, failures.explain(error))
            if isinstance(error, JupyterExtError) and not isinstance(error, LaunchFailed):
                raise LaunchFailed(failures.explain(error), error.cluster) from error
            raise
        return running

    async def _start_hub(self) -> None:
        async with self._starting_hub:
            if not self._listens:
                await asyncio.to_thread(self._hub.start)
                self._listens = list(self._hub.addresses)

    async def _order(self, wanted: Wanted, secret: bytes) -> Order:
        async with self._starting_hub:
            here = wanted.backend == "local" or any(map(addresses.is_remote, self._listens))
            if self._listen and not here:
                self._listens.append(await asyncio.to_thread(self._hub.listen, self._listen))
        hubs = [each for address in self._listens for each in addresses.to_dial(address)]
        defaults = defaults_of(wanted.backend, wanted.profile)
        return Order(
            kernel_id=wanted.kernel_id,
            owner=wanted.user,
            title=wanted.title,
            profile=wanted.profile,
            values=wanted.values,
            bootstrap={
                "kernel_id": wanted.kernel_id,
                "secret": secret.hex(),
                "hubs": [*hubs, *([] if wanted.backend == "local" else self._urls())],
                "fingerprint": self._hub.fingerprint,
                "ca": None,
                "lease_s": min(self._lease_s or defaults.lease_s, defaults.lease_s),
            },
        )

    def _take(
        self, row: KernelRow, launch: Mapping[str, Any], attachment: Attachment, backend: Backend
    ) -> Running:
        running = Running(row, attachment, backend, self.registry, self.store, self._credentials)
        running.launch = dict(launch)
        self._kernels[row.kernel_id] = running
        return running

    async def _give_up(self, row: KernelRow, running: Running | None, backend: Backend) -> None:
        """Leave nothing of a start that failed, whatever happens to this task meanwhile."""
        self._kernels.pop(row.kernel_id, None)
        tidying = asyncio.ensure_future(self._tidy(row, running, backend))
        while not tidying.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(tidying)

    async def _tidy(self, row: KernelRow, running: Running | None, backend: Backend) -> None:
        if running is not None:
            await running.close()
        try:
            await backend.end(row.handle)
        except JupyterExtError as error:
            # Its row stays: whoever looks next finds it among those without a server.
            log.warning("%s cannot be ended: %s %s", row.title, error.message, error.hint)
            await self.store.change_kernel(row.kernel_id, owner="")
        else:
            await self.store.remove_kernel(row.kernel_id)

    def _tell(self, kernel_id: str) -> Tell:
        def tell(name: PhaseName, detail: str = "") -> None:
            self.registry.phase(kernel_id, name, detail)

        return tell
