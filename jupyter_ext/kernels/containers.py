"""Containers and their kernels as a person deals with them, also those that no server has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_args

from jupyter_ext.errors import Conflict, JupyterExtError, NotFound
from jupyter_ext.kernels.attachment import Attachment
from jupyter_ext.kernels.backend import Backend, Found
from jupyter_ext.kernels.models import Backend as BackendName
from jupyter_ext.kernels.models import KernelView
from jupyter_ext.kernels.registry import KernelRegistry
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.kernels.values import defaults_of, resolve
from jupyter_ext.kernels.wanted import view_of_found, view_of_row
from jupyter_ext.store import KernelRow

Harden = Callable[[str, Mapping[str, Any]], None]
Adopt = Callable[[KernelRow], Awaitable[None]]

FIND_S = 10.0
"""Seconds that a backend gets to list its containers."""
STRANGE = "There is no record of it here: it may belong to a Jupyter server on another machine."
UNSEEN = "Nobody can say at the moment whether it still runs."

log = logging.getLogger(__name__)


class KernelContainers:
    """Finds containers, and acts on those that no kernel manager has.

    Parameters
    ----------
    harden
        Lets a kernel's next restart make a new container, with values changed.
    adopt
        Takes a kernel without a server into this one.
    """

    def __init__(self, services: KernelServices, harden: Harden, adopt: Adopt) -> None:
        self.harden = harden
        self._services = services
        self._adopt = adopt
        self._orphans: dict[str, Found | KernelRow] = {}

    @property
    def registry(self) -> KernelRegistry:
        """What is known of all kernels."""
        return self._services.registry

    def attachment(self, kernel_id: str) -> Attachment | None:
        """Give the way to a kernel's agent; None for a kernel that this server does not have."""
        running = self._services.launcher.get(kernel_id)
        return None if running is None else running.attachment

    async def look(self, owner: str) -> None:
        """Look for containers of a user that no server has; the registry shows them."""
        rows = await self._services.store.kernels(owner)
        living = await asyncio.to_thread(
            self._services.launcher.owner.living, await self._services.store.owners()
        )
        known = {row.kernel_id for row in rows}
        lost = {row.kernel_id: row for row in rows if row.owner not in living}
        names = await self._names(rows)
        found = await asyncio.gather(*(self._find(name, owner) for name in names))
        alive = {each.kernel_id for some in found for each in some}
        orphans: dict[str, Found | KernelRow] = {}
        for name, some in zip(names, found, strict=True):
            for each in some:
                if each.kernel_id in lost:
                    orphans[each.kernel_id] = lost[each.kernel_id]
                    view = view_of_row(lost[each.kernel_id], "orphan")
                    self._show(view.model_copy(update={"adoptable": True}))
                elif each.kernel_id not in known:
                    orphans[each.kernel_id] = each
                    self._show(view_of_found(each, name).model_copy(update={"note": STRANGE}))
        unseen = [row for row in lost.values() if row.kernel_id not in alive]
        gone = await asyncio.gather(*(self._tidy(row) for row in unseen))
        for row, is_gone in zip(unseen, gone, strict=True):
            if not is_gone:
                orphans[row.kernel_id] = row
                fields = {"adoptable": True, "note": UNSEEN}
                self._show(view_of_row(row, "orphan").model_copy(update=fields))
        for kernel_id in set(self._orphans) - set(orphans):
            if self._is_orphan(kernel_id):
                self.registry.remove(kernel_id)
        self._orphans = orphans

    async def adopt(self, kernel_id: str) -> None:
        """Take a kernel without a server into this one.

        Raises
        ------
        JupyterExtError
            If it cannot be had: it ended meanwhile, or another server has it.
        """
        orphan = self._orphan(kernel_id)
        if not isinstance(orphan, KernelRow):
            raise Conflict(
                f"{orphan.title} can only be ended: what is needed to reach it is lost.",
                hint="The file that knew it was removed, or is another machine's.",
            )
        await self._adopt(orphan)
        self._orphans.pop(kernel_id, None)

    async def end(self, kernel_id: str) -> None:
        """End a container that no kernel manager has: an orphan, or one that starts or failed."""
        launcher = self._services.launcher
        if launcher.cancel(kernel_id):
            return
        if launcher.get(kernel_id) is not None:
            await launcher.end(kernel_id)
            return
        orphan = self._orphans.get(kernel_id)
        if orphan is None:
            return  # it failed, and nothing is left of it
        backend = self._services.backend(self.registry.get(kernel_id).backend)
        await backend.end(orphan.handle)
        await self._services.store.remove_kernel(kernel_id)
        self._orphans.pop(kernel_id, None)
        self.registry.remove(kernel_id)

    async def check(self, view: KernelView, changes: Mapping[str, Any]) -> None:
        """See that a kernel could be started with these values changed.

        Raises
        ------
        InvalidInput
            If they do not fit, naming what was expected.
        """
        profile = await self._services.profile(view.cluster)
        resolve(view.backend, profile, view.values, changes)

    async def backend_logs(self, kernel_id: str, lines: int) -> str:
        """Ask the backend for the end of a container's log, where the agent does not answer."""
        view = self.registry.get(kernel_id)
        running = self._services.launcher.get(kernel_id)
        if running is not None:
            return await running.backend.logs(running.row.handle, lines)
        if kernel_id in self._orphans:
            backend = self._services.backend(view.backend)
            return await backend.logs(self._orphans[kernel_id].handle, lines)
        return view.failure.diagnostics if view.failure is not None else ""

    async def _find(self, name: BackendName, owner: str) -> list[Found]:
        try:
            backend: Backend = self._services.backend(name)
            async with asyncio.timeout(FIND_S):
                return await backend.find(owner)
        except (JupyterExtError, TimeoutError) as error:
            log.debug("No containers of %s: %s", name, error)
            return []

    async def _names(self, rows: list[KernelRow]) -> list[BackendName]:
        """List the backends where something may be: nobody else's daemon is asked."""
        profiles = await asyncio.to_thread(self._services.profiles.list)
        used = {row.backend for row in rows}
        return [
            name
            for name in get_args(BackendName)
            if name == "local"
            or name in used
            or any(defaults_of(name, profile).offered for profile in profiles)
        ]

    async def _tidy(self, row: KernelRow) -> bool:
        """Forget a kernel that has ended, and say whether; one of whom nobody knows that stays."""
        try:
            backend = self._services.backend(row.backend)
            async with asyncio.timeout(FIND_S):
                if (await backend.inspect(row.handle)).alive is not False:
                    return False
                await backend.end(row.handle)
                await self._services.store.remove_kernel(row.kernel_id)
        except (JupyterExtError, TimeoutError) as error:
            log.debug("%s: %s", row.title, error)
            return False
        return True

    def _show(self, view: Any) -> None:
        if self.registry.peek(view.kernel_id) is None or self._is_orphan(view.kernel_id):
            self.registry.put(view)

    def _is_orphan(self, kernel_id: str) -> bool:
        view = self.registry.peek(kernel_id)
        return view is not None and view.state == "orphan"

    def _orphan(self, kernel_id: str) -> Found | KernelRow:
        try:
            return self._orphans[kernel_id]
        except KeyError:
            raise NotFound(
                f"There is no kernel {kernel_id} without a server.", hint="Look at the list again."
            ) from None
