"""``%cluster status --plot``: one cluster, live, below a notebook cell."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from bokeh.io import output_notebook
from bokeh.resources import Resources
from ipywidgets import HTML, Button, HBox, Layout, VBox
from jupyter_bokeh import BokehModel

from jupyter_ext.clusters.models import Profile
from jupyter_ext.status import views
from jupyter_ext.status.figures import Figures
from jupyter_ext.status.models import ClusterStatus

Poll = Callable[[Profile], Awaitable[ClusterStatus]]

WINDOW = timedelta(minutes=10)


class LivePlot:
    """A widget that polls a cluster for as long as somebody may be looking at it.

    The polling runs in a thread of its own, so the plot goes on while a cell runs. It pauses when
    nobody has displayed it for a while, when no sign came from the browser for a long time (a
    closed page says no good-bye), and when the widget is closed.

    Parameters
    ----------
    profile
        The cluster.
    poll
        Asks the cluster once.
    first
        Its state by now, shown at once, and as plain text where there are no widgets.
    interval_s
        Seconds between two polls.
    unseen_s
        Pause after being displayed nowhere for so many seconds.
    silent_s
        Pause after so many seconds without any message from the browser.
    """

    def __init__(
        self,
        profile: Profile,
        poll: Poll,
        first: ClusterStatus,
        *,
        interval_s: float = 5.0,
        unseen_s: float = 60.0,
        silent_s: float = 3600.0,
    ) -> None:
        self._profile = profile
        self._poll = poll
        self._first = first
        self._interval_s = interval_s
        self._unseen_s = unseen_s
        self._silent_s = silent_s
        self._sign = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._wake = asyncio.Event()

        self._lock = threading.Lock()
        self._figures = Figures(WINDOW, points=int(WINDOW.total_seconds() / interval_s) + 1)
        self._line = HTML()
        self._show(first)
        self._bokeh = BokehModel(self._figures.layout)
        self._switch = Button(icon="pause", layout=Layout(width="auto"))
        self._switch.on_click(self._on_switch)
        self._refresh = Button(icon="refresh", description="Refresh", layout=Layout(width="auto"))
        self._refresh.on_click(self._on_refresh)
        self.widget = VBox(
            [HBox([self._switch, self._refresh, self._line]), self._bokeh],
            # Asks the browser to count the places where this is displayed.
            _view_count=0,
        )
        self.widget.observe(self._on_views, "_view_count")
        self.widget.observe(self._on_close, "comm")

    @property
    def running(self) -> bool:
        """Whether it polls."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, *, at_once: bool = False) -> None:
        """Poll from now on; wait for one interval first, unless ``at_once``."""
        if self.running:
            return
        self._sign = time.monotonic()
        # Messages to the browser name the cell that is the parent of this context.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=lambda: run(asyncio.run, self._follow(at_once)),
            name=f"jupyter-ext-plot-{self._profile.name}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Poll no more; what is running is cancelled."""
        if (task := self._task) is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)

    async def _follow(self, at_once: bool) -> None:
        self._wake = asyncio.Event()
        if at_once:
            self._wake.set()
        self._task = asyncio.current_task()
        self._label("pause", "Stop")
        paused = "Stopped."
        try:
            while not (reason := self._idle()):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._interval_s)
                self._wake.clear()
                self._show(await self._poll(self._profile))
            paused = reason
        except asyncio.CancelledError:
            pass  # by stop(): this is the end of the thread, nobody waits for it
        finally:
            self._task = None
            if self.widget.comm is not None:
                self._label("play", "Resume")
                self._line.value = f"{self._line.value} {paused}"

    def _idle(self) -> str:
        """Say why to pause; empty to go on."""
        silent_s = time.monotonic() - self._sign
        if self.widget.comm is None:
            return "Closed."
        if not self.widget._view_count and silent_s > self._unseen_s:
            return "Paused: it was displayed nowhere."
        if silent_s > self._silent_s:
            return "Paused: no sign of anybody for a long time."
        return ""

    def _show(self, status: ClusterStatus) -> None:
        now = datetime.now()
        if status.yarn:
            with self._lock:
                self._figures.add(now, status.yarn, status.queues)
        mark = views.headline(self._profile, status)
        self._line.value = f"{mark.html()} &middot; {now:%H:%M:%S}"

    def _label(self, icon: str, description: str) -> None:
        self._switch.icon = icon
        self._switch.description = description

    def _on_switch(self, button: Button) -> None:
        if self.running:
            self.stop()
        else:
            self.start(at_once=True)

    def _on_refresh(self, button: Button) -> None:
        self._sign = time.monotonic()
        if (task := self._task) is not None:
            task.get_loop().call_soon_threadsafe(self._wake.set)
        else:
            self.start(at_once=True)

    def _on_views(self, change: dict[str, Any]) -> None:
        self._sign = time.monotonic()
        if change["new"]:
            # A new place starts from the plot as it was made, and knows nothing of later points.
            with self._lock:
                self._bokeh.update_from_model(self._figures.layout)

    def _on_close(self, change: dict[str, Any]) -> None:
        if change["new"] is None:
            self.stop()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = self.widget._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": str(views.details(self._profile, self._first))}


def load_bokeh() -> None:
    """Give the page BokehJS, out of the installed package: no internet is needed."""
    output_notebook(Resources(mode="inline", components=["bokeh"]), hide_banner=True)
