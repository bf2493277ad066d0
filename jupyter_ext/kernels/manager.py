"""Jupyter Server's kernel manager, which lets kernels of ours outlive it.

Kernels of other provisioners are treated as ever. Those of ours start in the background, so that
nobody's request waits for a queue; stay when the server stops; and are adopted when it comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from jupyter_client.ioloop.restarter import AsyncIOLoopKernelRestarter
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.multikernelmanager import MultiKernelManager
from jupyter_server._tz import utcnow
from jupyter_server.prometheus.metrics import KERNEL_CURRENTLY_RUNNING_TOTAL
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from traitlets import Type, default

from jupyter_ext.errors import Conflict, Unreachable
from jupyter_ext.kernels.backend import LaunchFailed
from jupyter_ext.kernels.provisioner import ClusterProvisioner
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.kernels.specs import PROVISIONERS
from jupyter_ext.kernels.startup import ANSWER_S

ASK_AGAIN_S = 0.5
"""Seconds after which an adopted kernel is asked a second time; then twice as long, and so on."""


class ClusterKernelRestarter(AsyncIOLoopKernelRestarter):
    """Restarts a kernel of ours where it was; one whose container has ended is dead."""

    async def poll(self) -> None:  # type: ignore[override] # as in its base class
        """Look after the kernel."""
        manager = self.kernel_manager
        if not isinstance(manager.provisioner, ClusterProvisioner):
            await super().poll()
            return
        if manager.shutting_down:
            return
        running = manager.provisioner.running
        if running is not None and running.failure is not None:
            # It is for a person to say whether another container makes sense.
            self.stop()
            self._fire_callbacks("dead")
            return
        try:
            await super().poll()
        except LaunchFailed as failed:
            # A start that failed is one of those that are counted.
            self.log.warning("Kernel %s does not come back: %s", manager.kernel_id, failed)
            self._restarting = True
            self.start()


class ClusterServerKernelManager(ServerKernelManager):
    """One kernel."""

    restarter_class = Type(
        default_value=ClusterKernelRestarter, klass=AsyncIOLoopKernelRestarter, config=True
    )


class ClusterKernelManager(AsyncMappingKernelManager):
    """All kernels of the server."""

    kernel_spec_manager: Any
    services: KernelServices | None = None
    """Set by the server extension; kernels of ours need it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._looks: dict[str, asyncio.Task[None]] = {}

    @default("kernel_manager_class")
    def _default_kernel_manager_class(self) -> str:
        return f"{__name__}.{ClusterServerKernelManager.__name__}"

    def is_ours(self, kernel_id: str) -> bool:
        """Say whether a kernel is one that can outlive the server."""
        manager = self._kernels.get(kernel_id)
        return manager is not None and self._is_spec_ours(manager.kernel_name, manager)

    def _is_spec_ours(self, name: str | None, manager: Any = None) -> bool:
        if self.services is None:
            return False
        if manager is not None and isinstance(manager.provisioner, ClusterProvisioner):
            return True
        try:
            spec = self.kernel_spec_manager.get_kernel_spec(name or self.default_kernel_name)
        except NoSuchKernel:
            return False
        provisioner = spec.metadata.get("kernel_provisioner", {})
        return provisioner.get("provisioner_name") in PROVISIONERS

    # -- starting -----------------------------------------------------------------------------

    async def _async_start_kernel(
        self, *, kernel_id: str | None = None, path: Any = None, **kwargs: Any
    ) -> str:
        if kernel_id not in self._kernels and await asyncio.to_thread(
            self._is_spec_ours, kwargs.get("kernel_name")
        ):
            return self._start_behind(kernel_id, path, kwargs)
        return await super()._async_start_kernel(kernel_id=kernel_id, path=path, **kwargs)

    start_kernel: Any = _async_start_kernel

    def _start_behind(self, kernel_id: str | None, path: str | None, kwargs: dict[str, Any]) -> str:
        """Start a kernel of ours; it is there at once, and ready when it answers."""
        kwargs = self._kernel_start_kwargs(**kwargs)
        if path is not None:
            kwargs["cwd"] = self.cwd_for_path(path, env=kwargs.get("env", {}))
        if kernel_id is not None:
            kwargs["kernel_id"] = kernel_id
        manager, name, kernel_id = self.pre_start_kernel(kwargs.pop("kernel_name", None), kwargs)
        manager.kernel_id = kernel_id
        self.place(kernel_id, manager)
        self._run_start(kernel_id, manager, {**kwargs, "kernel_id": kernel_id})
        self.log.info("Kernel started: %s", kernel_id)
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=name).inc()
        if not self._initialized_culler:
            self.initialize_culler()
        return kernel_id

    def place(self, kernel_id: str, manager: Any) -> None:
        """Have a kernel that is not ready yet."""
        manager.execution_state, manager.reason = "starting", ""
        manager.last_activity = utcnow()
        self._kernels[kernel_id] = manager
        self._kernel_connections[kernel_id] = 0

    def _run_start(self, kernel_id: str, manager: Any, kwargs: dict[str, Any]) -> None:
        # Before anybody can ask for it: an earlier start may have left one that is done.
        manager._ready = asyncio.get_running_loop().create_future()
        manager._attempted_start = False
        self.go_on(kernel_id, manager.start_kernel(**kwargs))

    def go_on(self, kernel_id: str, start: Any, patience_s: float = ANSWER_S) -> None:
        """Let a kernel become ready in the background.

        Parameters
        ----------
        patience_s
            Seconds after which one that does not answer counts as busy.
        """

        async def finish() -> None:
            try:
                await start
            except Exception as error:  # the manager has logged it, and whoever waits gets it
                manager = self._kernels.get(kernel_id)
                if manager is not None:
                    manager.execution_state, manager.reason = "dead", str(error)
                return
            finally:
                self._pending_kernels.pop(kernel_id, None)
            manager = self._kernels.get(kernel_id)
            if manager is not None:
                await self._finish_kernel_start(kernel_id)
                look = self._look_whether_busy(manager, patience_s)
                self._looks[kernel_id] = asyncio.create_task(look, name=f"look at {kernel_id}")

        task = asyncio.create_task(finish(), name=f"start {kernel_id}")
        self._pending_kernels[kernel_id] = task

    async def _look_whether_busy(self, manager: Any, patience_s: float) -> None:
        """Ask on the shell channel: nobody else knows whether a cell was running all the time."""
        try:
            await manager.provisioner.running.attachment.attached()
        except Unreachable:
            return  # it is ended already
        channel = manager.connect_shell()
        answered = asyncio.Event()
        try:
            channel.on_recv(lambda _: answered.set())
            pause_s = ASK_AGAIN_S
            async with asyncio.timeout(patience_s):
                while not answered.is_set():
                    # One that goes out while the tunnel is being built anew may be lost.
                    manager.session.send(channel, "kernel_info_request")
                    with suppress(TimeoutError):
                        await asyncio.wait_for(answered.wait(), pause_s)
                    pause_s *= 2
        except TimeoutError:
            # The status that ends its cell will say that it is idle again.
            manager.execution_state = "busy"
        else:
            if manager.execution_state == "starting":
                manager.execution_state = "idle"
        finally:
            channel.close()

    # -- restarting ---------------------------------------------------------------------------

    async def _async_restart_kernel(self, kernel_id: str, now: bool = False) -> Any:
        self._check_kernel_id(kernel_id)
        if not self.is_ours(kernel_id):
            return await super()._async_restart_kernel(kernel_id, now=now)
        manager = self._kernels[kernel_id]
        if not manager.ready.done():
            raise Conflict("The kernel is being started; wait for it, or end it.")
        if manager.ready.exception() is None and manager.provisioner.can_stay:
            return await super()._async_restart_kernel(kernel_id, now=now)
        # Another start, in another container, under the same id.
        manager.stop_restarter()
        manager._close_control_socket()
        self.stop_watching_activity(kernel_id)
        self.place(kernel_id, manager)
        self._run_start(kernel_id, manager, dict(manager._launch_args))
        return None

    restart_kernel: Any = _async_restart_kernel

    def _handle_kernel_died(self, kernel_id: str) -> None:
        """Keep a kernel of ours that has died: somebody may want to restart it."""
        if not self.is_ours(kernel_id):
            super()._handle_kernel_died(kernel_id)
            return
        manager = self._kernels[kernel_id]
        manager.execution_state = "dead"
        view = self.services.registry.peek(kernel_id) if self.services is not None else None
        if view is not None and view.failure is not None:
            manager.reason = view.failure.cause

    def harden(self, kernel_id: str, values: Mapping[str, Any]) -> None:
        """Let a kernel's next restart make a new container, with these values changed."""
        self._kernels[kernel_id].provisioner.harden(values)

    # -- ending -------------------------------------------------------------------------------

    async def _async_shutdown_kernel(
        self, kernel_id: str, now: bool | None = False, restart: bool | None = False
    ) -> None:
        if self.services is not None:
            self.services.launcher.cancel(kernel_id)
        if look := self._looks.pop(kernel_id, None):
            look.cancel()
        await super()._async_shutdown_kernel(kernel_id, now=now, restart=restart)
        if self.services is not None and kernel_id not in self._kernels:
            # One whose last restart failed is only forgotten by the base class.
            await self.services.launcher.end(kernel_id)

    shutdown_kernel: Any = _async_shutdown_kernel

    async def _async_shutdown_all(self, now: bool = False) -> None:
        await self.detach_all()
        await MultiKernelManager._async_shutdown_all(self, now=now)

    shutdown_all: Any = _async_shutdown_all

    async def detach_all(self) -> None:
        """Let go of kernels that outlive the server; one that starts goes on starting."""
        for kernel_id in list(self._kernels):
            manager = self._kernels[kernel_id]
            provisioner = manager.provisioner
            if isinstance(provisioner, ClusterProvisioner) and provisioner.can_outlive:
                await self._detach(kernel_id, manager)

    async def _detach(self, kernel_id: str, manager: Any) -> None:
        if look := self._looks.pop(kernel_id, None):
            look.cancel()
        manager.shutting_down = True
        manager.stop_restarter()
        self.stop_watching_activity(kernel_id)
        self.stop_buffering(kernel_id)
        manager._close_control_socket()
        manager.cleanup_connection_file()
        if self.services is not None:
            await self.services.launcher.detach(kernel_id)
        self.remove_kernel(kernel_id)
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=manager.kernel_name).dec()
        self._kernel_connections.pop(kernel_id, None)
        self._kernel_ports.pop(kernel_id, None)
        if start := self._pending_kernels.pop(kernel_id, None):
            await asyncio.gather(start, return_exceptions=True)
