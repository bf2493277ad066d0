"""Kernels in a Jupyter server: its managers, its services, and the kernels of its former lives."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import JupyterExtError, Unavailable
from jupyter_ext.hadoop.access import Access
from jupyter_ext.kernels.adoption import Adoption
from jupyter_ext.kernels.containers import KernelContainers
from jupyter_ext.kernels.manager import ClusterKernelManager
from jupyter_ext.kernels.registry import KernelRegistry
from jupyter_ext.kernels.services import ANY_PORT, KernelServices
from jupyter_ext.kernels.sessions import ClusterSessionManager
from jupyter_ext.store import KernelRow

log = logging.getLogger(__name__)


def choose_managers(server: Any, environ: Mapping[str, str] = os.environ) -> None:
    """Let a server that is being made manage kernels and sessions with our classes.

    Who has configured others, or a gateway that has all kernels, keeps them; kernels of ours still
    start there, but end with the server.
    """
    if "url" in server.config.GatewayClient or environ.get("JUPYTER_GATEWAY_URL"):
        return
    for name, ours in (
        ("kernel_manager_class", ClusterKernelManager),
        ("session_manager_class", ClusterSessionManager),
    ):
        if name not in server.config.ServerApp:
            setattr(server, name, ours)


class ServerKernels:
    """What the server extension has of kernels.

    Parameters
    ----------
    server
        The ServerApp.
    user
        The Jupyter user whose kernels a server starts.
    """

    def __init__(
        self,
        server: Any,
        *,
        user: str,
        profiles: ProfileStore,
        access: Access,
        credentials: Callable[[str], Path],
        registry: KernelRegistry,
        listen: str = ANY_PORT,
        urls: list[str] | None = None,
    ) -> None:
        self.services = KernelServices(
            user=user,
            place=str(server.root_dir),
            profiles=profiles,
            access=access,
            credentials=credentials,
            registry=registry,
            listen=listen,
            urls=lambda: urls or [],
        )
        self.manager = server.kernel_manager
        self._adoption: Adoption | None = None
        if isinstance(self.manager, ClusterKernelManager):
            self.manager.services = self.services
            sessions = server.session_manager
            self._adoption = Adoption(
                self.services,
                self.manager,
                sessions if isinstance(sessions, ClusterSessionManager) else None,
            )
        self.containers = KernelContainers(self.services, self._harden, self._adopt)
        self._pushes: set[asyncio.Task[None]] = set()

    def announce(self) -> None:
        """Have the kernels of former lives, before the first request."""
        if self._adoption is not None:
            try:
                self._adoption.announce()
            except JupyterExtError as error:
                log.warning("%s %s", error.message, error.hint)

    async def start(self) -> None:
        """Adopt what was announced."""
        self.services.loop = asyncio.get_running_loop()
        if self._adoption is not None:
            await self._adoption.adopt_all()

    def push_credentials(self, user: str) -> None:
        """Give a user's kernels what is in the credential directory by now."""
        task = asyncio.create_task(self.services.launcher.push_credentials(user))
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)

    async def close(self) -> None:
        """Let kernels go on by themselves."""
        if isinstance(self.manager, ClusterKernelManager):
            await self.manager.detach_all()
        await asyncio.gather(*self._pushes, return_exceptions=True)
        await self.services.close()

    def _harden(self, kernel_id: str, values: Mapping[str, Any]) -> None:
        if isinstance(self.manager, ClusterKernelManager):
            self.manager.harden(kernel_id, values)

    async def _adopt(self, row: KernelRow) -> None:
        if self._adoption is None:
            raise Unavailable(
                "This server cannot adopt kernels: it has another kernel manager.",
                hint="Remove ServerApp.kernel_manager_class from its configuration.",
            )
        await self._adoption.adopt(row)
