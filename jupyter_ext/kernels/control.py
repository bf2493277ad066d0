"""What a person can do to kernels, whichever edge asks for it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Protocol

from jupyter_ext.errors import Conflict, JupyterExtError, Unavailable
from jupyter_ext.kernels import culling
from jupyter_ext.kernels.containers import KernelContainers
from jupyter_ext.kernels.culling import Culler
from jupyter_ext.kernels.models import KernelView, LogText, RestartRequest
from jupyter_ext.kernels.terminals import Terminals

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""Seconds that a list waits for what is looked for."""


class Manager(culling.Manager, Protocol):
    """The part of Jupyter's kernel manager that is needed here."""

    async def interrupt_kernel(self, kernel_id: str) -> None:
        """Interrupt a kernel."""

    async def restart_kernel(self, kernel_id: str, now: bool = False) -> None:
        """Restart a kernel."""


class KernelControl:
    """Lists kernels and acts on them; nobody acts on another's.

    Parameters
    ----------
    containers
        Finds containers, and acts on those that no kernel manager has.
    manager
        Jupyter's kernel manager.
    """

    def __init__(self, containers: KernelContainers, manager: Manager) -> None:
        self._containers = containers
        self._manager = manager
        self._terminals = Terminals()
        self._looks: dict[str, asyncio.Task[None]] = {}
        self.culler = Culler(containers.registry, manager)

    async def list(self, user: str) -> list[KernelView]:
        """List the kernels of a Jupyter user, after a look for those without a server."""
        look = self._looks.get(user)
        if look is None:
            look = asyncio.create_task(self._look(user), name="look for kernels")
            self._looks[user] = look
        # A cluster that does not answer holds nobody up; the stream tells what is found later.
        await asyncio.wait([look], timeout=LOOK_S)
        return self._containers.registry.views(user)

    def get(self, user: str, kernel_id: str) -> KernelView:
        """Give one kernel.

        Raises
        ------
        NotFound
            If there is none, or it is another user's.
        """
        return self._containers.registry.get(kernel_id, user)

    async def stop(self, user: str, kernel_id: str) -> None:
        """End a kernel with its container; one that starts is given up, a failed one forgotten."""
        self.get(user, kernel_id)
        if kernel_id in self._manager:
            await self._manager.shutdown_kernel(kernel_id)
        else:
            await self._containers.end(kernel_id)
        self._containers.registry.remove(kernel_id)

    async def interrupt(self, user: str, kernel_id: str) -> None:
        """Interrupt what a kernel runs."""
        self._managed(user, kernel_id)
        await self._manager.interrupt_kernel(kernel_id)

    async def restart(self, user: str, kernel_id: str, how: RestartRequest) -> KernelView:
        """Restart a kernel where it is, or in a new container.

        Raises
        ------
        InvalidInput
            If the changed values do not fit.
        Conflict
            If no kernel manager has it: an orphan is adopted first.
        """
        view = self._managed(user, kernel_id)
        if how.hard or how.values:
            await self._containers.check(view, how.values)
            self._containers.harden(kernel_id, how.values)
            # The manager returns at once, and the new container takes its time.
            self._containers.registry.change(kernel_id, state="restarting")
        await self._manager.restart_kernel(kernel_id)
        return self.get(user, kernel_id)

    def keep(self, user: str, kernel_id: str) -> KernelView:
        """Spare a kernel that is about to be ended because nobody uses it."""
        self._managed(user, kernel_id)
        self.culler.keep(kernel_id)
        return self.get(user, kernel_id)

    async def adopt(self, user: str, kernel_id: str) -> KernelView:
        """Take a kernel without a server into this one.

        Raises
        ------
        Conflict
            If it has a server.
        NotFound
            If it is gone, or nobody wrote it down.
        """
        view = self.get(user, kernel_id)
        if view.state != "orphan":
            raise Conflict(f"{view.title} is not without a server.", cluster=view.cluster)
        await self._containers.adopt(kernel_id)
        return self.get(user, kernel_id)

    async def logs(self, user: str, kernel_id: str, lines: int) -> LogText:
        """Give the end of what a kernel printed: of its agent, else of its container."""
        self.get(user, kernel_id)
        attachment = self._containers.attachment(kernel_id)
        if attachment is not None and attachment.state.attached:
            answer = await attachment.request({"type": "logs", "lines": lines + 1})
            return _tail(str(answer.get("text", "")), lines)
        return _tail(await self._containers.backend_logs(kernel_id, lines + 1), lines)

    async def terminal(self, user: str, kernel_id: str) -> Path:
        """Open a login shell beside a kernel.

        Returns
        -------
        Path
            A unix socket for :mod:`jupyter_ext.kernels.attach`.

        Raises
        ------
        Unavailable
            If the agent cannot be reached.
        """
        view = self.get(user, kernel_id)
        attachment = self._containers.attachment(kernel_id)
        if attachment is None or not attachment.state.attached:
            raise Unavailable(
                f"{view.title} cannot open a terminal while it is {view.state}.",
                hint="Adopt it first." if view.state == "orphan" else "Try again when it runs.",
                cluster=view.cluster,
            )
        return await self._terminals.open(attachment)

    async def close(self) -> None:
        """Close every terminal, and look for nothing any more."""
        looks = list(self._looks.values())
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
        await self._terminals.close()

    async def _look(self, user: str) -> None:
        try:
            await self._containers.look(user)
        except JupyterExtError as error:
            log.warning("%s %s", error.message, error.hint)
        finally:
            del self._looks[user]

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
