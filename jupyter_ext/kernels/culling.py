"""Ends kernels that nobody uses, after a warning.

Jupyter Server has a culler of its own, which spares kernels with an open tab and says nothing
before. A container costs others the memory that it holds, looked at or not: so kernels of ours
with a limit of their own (``cull_idle_timeout`` of the kernelspec, made of the profile's
``cull_idle_s``) are ended here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from jupyter_ext.display import duration
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.kernels.models import Failure, KernelView
from jupyter_ext.kernels.registry import KernelRegistry

log = logging.getLogger(__name__)

TICK_S = 10.0
WARN_S = 600.0
"""How long before its end a person is warned; a fifth of the limit if that is less."""


class Manager(Protocol):
    """The part of Jupyter's kernel manager that is needed here."""

    def __contains__(self, kernel_id: str) -> bool: ...

    def get_kernel(self, kernel_id: str) -> Any:
        """Give the manager of one kernel."""

    async def shutdown_kernel(self, kernel_id: str, now: bool = False) -> None:
        """End a kernel."""


class Culler:
    """Looks every few seconds which kernels are idle.

    Parameters
    ----------
    registry
        What is known of the kernels; gets the warnings.
    manager
        Jupyter's kernel manager, which knows when each was used last.
    clock
        Gives the time in epoch seconds.
    """

    def __init__(
        self,
        registry: KernelRegistry,
        manager: Manager,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._manager = manager
        self._clock = clock

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(TICK_S)
            await self.look()

    async def look(self) -> None:
        """Warn of kernels whose end is near, and end those whose time has come."""
        for view in self._registry.views():
            if view.state == "running" and view.kernel_id in self._manager:
                try:
                    await self._judge(view, self._manager.get_kernel(view.kernel_id))
                except JupyterExtError as error:
                    log.warning("%s cannot be ended: %s", view.title, error.message)

    def keep(self, kernel_id: str) -> None:
        """Count a kernel as used now."""
        if kernel_id in self._manager:
            now = datetime.fromtimestamp(self._clock(), UTC)
            self._manager.get_kernel(kernel_id).last_activity = now
        self._registry.change(kernel_id, cull_at=None)

    async def _judge(self, view: KernelView, kernel: Any) -> None:
        limit_s = _limit(kernel)
        if limit_s is None:
            return
        now = self._clock()
        used_at = now if kernel.execution_state == "busy" else kernel.last_activity.timestamp()
        cull_at = used_at + limit_s
        if now >= cull_at:
            await self._end(view, limit_s)
        elif now >= cull_at - min(WARN_S, limit_s / 5):
            self._registry.change(view.kernel_id, cull_at=cull_at)
        else:
            self._registry.change(view.kernel_id, cull_at=None)

    async def _end(self, view: KernelView, limit_s: float) -> None:
        log.info("%s was not used for %s and is ended.", view.title, duration(limit_s))
        await self._manager.shutdown_kernel(view.kernel_id)
        failure = Failure(
            cause=f"It was ended because nobody used it for {duration(limit_s)}.",
            hint="Start it again; its variables are gone. The limit is kernels."
            f"{view.backend}.cull_idle_s in the cluster's profile.",
        )
        fields = {"state": "failed", "failure": failure, "stats": None, "cull_at": None}
        # For whoever comes back and wonders; it leaves the list when it is taken out of it.
        self._registry.put(view.model_copy(update=fields))


def _limit(kernel: Any) -> float | None:
    spec = kernel.kernel_spec
    limit = spec.metadata.get("cull_idle_timeout") if spec is not None else None
    return float(limit) if isinstance(limit, int | float) and limit > 0 else None
