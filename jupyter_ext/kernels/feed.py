"""Tells tabs of their user's kernels, not more often than a person can follow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jupyter_ext.kernels.models import KernelsMessage
from jupyter_ext.kernels.registry import KernelRegistry

EVERY_S = 0.25
"""Between two messages: kernels report every few seconds, and hundreds of them may run."""


class KernelFeed:
    """Makes messages of what changes in the registry.

    Parameters
    ----------
    registry
        What is known of the kernels.
    """

    def __init__(self, registry: KernelRegistry) -> None:
        self._registry = registry

    def follow(self, user: str, offer: Callable[[KernelsMessage], None]) -> Callable[[], None]:
        """Offer the user's kernels now and after every change, in the running event loop.

        Returns
        -------
        Callable
            Ends that.
        """
        loop = asyncio.get_running_loop()
        offered_at = 0.0
        timer: asyncio.TimerHandle | None = None

        def send() -> None:
            nonlocal offered_at, timer
            offered_at, timer = loop.time(), None
            offer(KernelsMessage(kernels=self._registry.views(user)))

        def changed(owner: str) -> None:
            nonlocal timer
            if owner == user and timer is None:
                timer = loop.call_at(max(loop.time(), offered_at + EVERY_S), send)

        unsubscribe = self._registry.subscribe(changed)
        send()

        def end() -> None:
            unsubscribe()
            if timer is not None:
                timer.cancel()

        return end
