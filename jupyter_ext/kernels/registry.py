"""What is known of every kernel at the moment, for whoever looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from jupyter_ext.errors import NotFound
from jupyter_ext.kernels.models import Failure, KernelView, Phase, PhaseName

Listener = Callable[[str], None]
"""Takes the Jupyter user one of whose kernels changed, came or went."""


class KernelRegistry:
    """The views of all kernels; whoever starts, watches and ends kernels writes them here.

    Belongs to one event loop. A listener is called within the call that changes something, so it
    should do no more than note that.
    """

    def __init__(self) -> None:
        self._views: dict[str, KernelView] = {}
        self._listeners: list[Listener] = []

    # -- for those who look -------------------------------------------------------------------

    def views(self, owner: str | None = None) -> list[KernelView]:
        """List the kernels of a Jupyter user, or of all if None; the oldest first."""
        found = (view for view in self._views.values() if owner in (None, view.owner))
        return sorted(found, key=lambda view: (view.started_at, view.kernel_id))

    def get(self, kernel_id: str, owner: str | None = None) -> KernelView:
        """Give one kernel.

        Raises
        ------
        NotFound
            If there is none, or it is another user's.
        """
        view = self.peek(kernel_id)
        if view is None or owner not in (None, view.owner):
            raise NotFound(
                f"There is no kernel {kernel_id}.", hint="It may have ended; look at the list."
            )
        return view

    def peek(self, kernel_id: str) -> KernelView | None:
        """Give one kernel, or None."""
        return self._views.get(kernel_id)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of changes; gives what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    # -- for those who know -------------------------------------------------------------------

    def put(self, view: KernelView) -> None:
        """Add a kernel, or replace all that was known of it."""
        if self._views.get(view.kernel_id) != view:
            self._views[view.kernel_id] = view
            self._tell(view.owner)

    def change(self, kernel_id: str, **fields: Any) -> None:
        """Set fields of a kernel's view; one that is gone already is left alone."""
        view = self._views.get(kernel_id)
        if view is not None:
            self.put(view.model_copy(update=fields))

    def phase(self, kernel_id: str, name: PhaseName, detail: str = "") -> None:
        """Say where a start is; a new phase gets the time, the same again only its detail."""
        view = self._views.get(kernel_id)
        if view is None:
            return
        phases = list(view.phases)
        if phases and phases[-1].name == name:
            phases[-1] = phases[-1].model_copy(update={"detail": detail})
        else:
            phases.append(Phase(name=name, since=time.time(), detail=detail))
        fields: dict[str, Any] = {"phases": phases}
        if name == "ready":
            fields |= {"state": "running", "ready_at": phases[-1].since, "failure": None}
        self.change(kernel_id, **fields)

    def fail(self, kernel_id: str, failure: Failure) -> None:
        """Say why a kernel did not start, or ended; it stays in the list until it is removed."""
        self.change(kernel_id, state="failed", failure=failure, stats=None)

    def remove(self, kernel_id: str) -> None:
        """Forget a kernel; one that is gone already is no error."""
        view = self._views.pop(kernel_id, None)
        if view is not None:
            self._tell(view.owner)

    def _tell(self, owner: str) -> None:
        for listener in list(self._listeners):
            listener(owner)
