"""Takes kernels back whose server ended, however it did."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, NoSuchKernel
from jupyter_server.prometheus.metrics import KERNEL_CURRENTLY_RUNNING_TOTAL

from jupyter_ext.errors import JupyterExtError
from jupyter_ext.kernels.manager import ClusterKernelManager
from jupyter_ext.kernels.provisioner import PROVISIONERS
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.kernels.sessions import ClusterSessionManager
from jupyter_ext.kernels.wanted import view_of_row
from jupyter_ext.store import KernelRow

BUSY_S = 1.0
"""A kernel that does not answer for so long is busy."""

log = logging.getLogger(__name__)


class Adoption:
    """Takes kernels back.

    Kernels and sessions are in their maps before the server answers its first request: a browser
    that asks for one finds it and waits, instead of taking it for gone.
    """

    def __init__(
        self,
        services: KernelServices,
        manager: ClusterKernelManager,
        sessions: ClusterSessionManager | None,
    ) -> None:
        self._services = services
        self._manager = manager
        self._sessions = sessions
        self._rows: list[KernelRow] = []

    def announce(self) -> None:
        """Put the kernels of this server's former lives into the maps; before the loop runs."""
        found = self._services.store.read_now()
        owner = self._services.launcher.owner
        living = owner.living(found.owners)
        self._rows = [
            row for row in found.kernels if row.owner not in living and row.place == owner.place
        ]
        server: Any = self._manager.parent
        loop = server.io_loop.asyncio_loop
        for row in self._rows:
            self._put(row, loop)
        if self._sessions is not None:
            ours = {row.kernel_id for row in self._rows}
            sessions = [each for each in found.sessions if each.kernel_id in ours]
            self._sessions.restore(sessions)
            for each in sessions:
                self._services.launcher.note(each.kernel_id, each.path)

    async def adopt_all(self) -> None:
        """Take over what was announced."""
        if self._rows:
            await self._services.launcher.keep_lease()
        adoptions = (self._adopt(row) for row in self._rows)
        done = await asyncio.gather(*adoptions, return_exceptions=True)
        for row, error in zip(self._rows, done, strict=True):
            if error is not None:
                log.error("%s was not adopted.", row.title, exc_info=error)

    async def adopt(self, row: KernelRow) -> None:
        """Take over one more; raises NotFound or Conflict."""
        self._put(row, asyncio.get_running_loop())
        await self._adopt(row)

    def _put(self, row: KernelRow, loop: asyncio.AbstractEventLoop) -> None:
        # Of a server that was killed; a new one is written.
        Path(self._manager.connection_dir, f"kernel-{row.kernel_id}.json").unlink(missing_ok=True)
        manager, _, _ = self._manager.pre_start_kernel(row.spec, {"kernel_id": row.kernel_id})
        manager.kernel_id = row.kernel_id
        manager._ready = loop.create_future()
        try:
            manager.kernel_spec  # noqa: B018 - it is found, or not
        except NoSuchKernel:
            manager._kernel_spec = KernelSpec(
                argv=row.launch["argv"],
                display_name=row.title,
                interrupt_mode=row.launch.get("interrupt_mode", "signal"),
            )
        self._manager.place(row.kernel_id, manager)
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=row.spec).inc()
        self._services.registry.put(view_of_row(row, "starting"))

    async def _adopt(self, row: KernelRow) -> None:
        manager: Any = self._manager.get_kernel(row.kernel_id)
        store, launcher = self._services.store, self._services.launcher
        try:
            if not await store.claim_kernel(row.kernel_id, row.owner, launcher.owner.id):
                log.info("Kernel %s was adopted by another server.", row.kernel_id)
                self._forget(row.kernel_id, manager)
                return
            running = await launcher.adopt(row)
            if row.backend == "local":
                running.launch["env"] = {**os.environ, **row.launch["env"]}
        except JupyterExtError as error:
            log.warning("%s was not adopted: %s %s", row.title, error.message, error.hint)
            self._forget(row.kernel_id, manager)
            return
        provisioner = PROVISIONERS[row.backend](
            kernel_id=row.kernel_id,
            kernel_spec=manager.kernel_spec,
            parent=manager,
            cluster=row.cluster,
            persistent=row.persistent,
        )
        provisioner.adopt(running)
        manager.provisioner = provisioner
        manager._launch_args = {
            "env": {**os.environ, **_session_name(row)},
            "cwd": row.launch["cwd"],
            "kernel_id": row.kernel_id,
        }
        manager._attempted_start = True
        self._manager.go_on(row.kernel_id, self._finish(row, manager), BUSY_S)

    async def _finish(self, row: KernelRow, manager: Any) -> None:
        running = manager.provisioner.running
        try:
            if row.starting:
                await self._services.launcher.resume(running)
            manager._reconcile_connection_info(running.connection_info)
            await manager._async_post_start_kernel()
        except Exception as error:
            manager.provisioner.running = None
            manager._ready.set_exception(error)
            raise
        manager._ready.set_result(None)

    def _forget(self, kernel_id: str, manager: Any) -> None:
        self._services.registry.remove(kernel_id)
        self._manager.remove_kernel(kernel_id)
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=manager.kernel_name).dec()
        manager._ready.cancel()


def _session_name(row: KernelRow) -> dict[str, str]:
    with suppress(KeyError):
        return {"JPY_SESSION_NAME": row.launch["env"]["JPY_SESSION_NAME"]}
    return {}
