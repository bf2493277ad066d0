"""What a person can do to kernels, whichever edge asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from jupyter_ext.errors import Conflict, Unavailable
from jupyter_ext.kernels.models import KernelView, LogText, RestartRequest
from jupyter_ext.kernels.registry import KernelRegistry


class Manager(Protocol):
    """The part of Jupyter's kernel manager that is needed here."""

    def __contains__(self, kernel_id: str) -> bool: ...

    async def interrupt_kernel(self, kernel_id: str) -> None:
        """Interrupt a kernel."""

    async def restart_kernel(self, kernel_id: str, now: bool = False) -> None:
        """Restart a kernel."""

    async def shutdown_kernel(self, kernel_id: str, now: bool = False) -> None:
        """End a kernel, or its start."""


class Attachment(Protocol):
    """The part of a kernel's attachment to the hub that is needed here."""

    async def request(self, message: dict[str, Any], timeout_s: float = 10) -> dict[str, Any]:
        """Ask the agent, and give its answer."""

    async def open(self, options: dict[str, Any]) -> Path:
        """Open a stream; gives the unix socket that leads to it."""


class Containers(Protocol):
    """What is known of containers, with or without a kernel manager that has them."""

    registry: KernelRegistry

    def attachment(self, kernel_id: str) -> Attachment | None:
        """Give the way to a kernel's agent; None for a kernel that this server does not have."""

    async def look(self, owner: str) -> None:
        """Ask the backends for containers of this user that no server has; fills the registry."""

    async def adopt(self, kernel_id: str) -> None:
        """Take a kernel without a server into this one.

        Raises
        ------
        JupyterExtError
            If it cannot be had: it ended meanwhile, or another server has it.
        """

    async def end(self, kernel_id: str) -> None:
        """End a container that no kernel manager has: an orphan, or one that failed."""

    async def backend_logs(self, kernel_id: str, lines: int) -> str:
        """Ask the backend for the end of a container's log, where the agent does not answer."""

    def harden(self, kernel_id: str, values: Mapping[str, Any]) -> None:
        """Let a kernel's next restart make a new container, with these values changed."""


class KernelControl:
    """Lists kernels and acts on them; nobody acts on another's.

    Parameters
    ----------
    containers
        What is known of containers.
    manager
        Jupyter's kernel manager.
    """

    def __init__(self, containers: Containers, manager: Manager) -> None:
        self._containers = containers
        self._manager = manager

    @property
    def registry(self) -> KernelRegistry:
        """What is known of the kernels."""
        return self._containers.registry

    async def list(self, user: str) -> list[KernelView]:
        """List the kernels of a Jupyter user, after a look for those without a server."""
        await self._containers.look(user)
        return self.registry.views(user)

    def get(self, user: str, kernel_id: str) -> KernelView:
        """Give one kernel.

        Raises
        ------
        NotFound
            If there is none, or it is another user's.
        """
        return self.registry.get(kernel_id, user)

    async def stop(self, user: str, kernel_id: str) -> None:
        """End a kernel with its container; one that starts is given up, a failed one forgotten."""
        self.get(user, kernel_id)
        if kernel_id in self._manager:
            await self._manager.shutdown_kernel(kernel_id)
        else:
            await self._containers.end(kernel_id)
        self.registry.remove(kernel_id)

    async def interrupt(self, user: str, kernel_id: str) -> None:
        """Interrupt what a kernel runs."""
        self._managed(user, kernel_id)
        await self._manager.interrupt_kernel(kernel_id)

    async def restart(self, user: str, kernel_id: str, how: RestartRequest) -> KernelView:
        """Restart a kernel where it is, or in a new container.

        Raises
        ------
        Conflict
            If no kernel manager has it: an orphan is adopted first.
        """
        self._managed(user, kernel_id)
        if how.hard or how.values:
            self._containers.harden(kernel_id, how.values)
        await self._manager.restart_kernel(kernel_id)
        return self.get(user, kernel_id)

    async def adopt(self, user: str, kernel_id: str) -> KernelView:
        """Take a kernel without a server into this one.

        Raises
        ------
        Conflict
            If this server has it already.
        """
        view = self.get(user, kernel_id)
        if view.state != "orphan":
            raise Conflict(f"{view.title} is not without a server.", cluster=view.cluster)
        await self._containers.adopt(kernel_id)
        return self.get(user, kernel_id)

    async def logs(self, user: str, kernel_id: str, lines: int) -> LogText:
        """Give the end of what a kernel printed: of its agent, else of its container."""
        view = self.get(user, kernel_id)
        attachment = self._containers.attachment(kernel_id)
        if attachment is not None and view.state not in ("unreachable", "failed"):
            answer = await attachment.request({"type": "logs", "lines": lines + 1})
            return _tail(str(answer.get("text", "")), lines)
        return _tail(await self._containers.backend_logs(kernel_id, lines + 1), lines)

    async def terminal(self, user: str, kernel_id: str) -> Path:
        """Open a login shell beside a kernel; gives the unix socket that leads to it.

        Raises
        ------
        Unavailable
            If the agent cannot be reached.
        """
        view = self._managed(user, kernel_id)
        attachment = self._containers.attachment(kernel_id)
        if attachment is None or view.state not in ("running", "restarting"):
            raise Unavailable(
                f"{view.title} cannot open a terminal while it is {view.state}.",
                cluster=view.cluster,
            )
        options = {"channel": "terminal", "argv": [], "rows": 24, "columns": 80}
        return await attachment.open(options)

    def _managed(self, user: str, kernel_id: str) -> KernelView:
        view = self.get(user, kernel_id)
        if kernel_id not in self._manager:
            raise Conflict(
                f"{view.title} is not in the hands of this server.",
                hint="Adopt it first, or end it." if view.state == "orphan" else "Start it again.",
                cluster=view.cluster,
            )
        return view


def _tail(text: str, lines: int) -> LogText:
    found = text.splitlines(keepends=True)
    return LogText(text="".join(found[-lines:]), complete=len(found) <= lines)
