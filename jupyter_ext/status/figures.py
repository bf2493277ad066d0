"""The Bokeh half of the live view: memory, vcores and pending over time, and the queues."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import pi
from typing import Any

from bokeh.core.properties import value
from bokeh.layouts import column, row
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, FactorRange, LayoutDOM, Range1d
from bokeh.models.annotations import Title
from bokeh.plotting import figure

from jupyter_ext.hadoop.models import Queue
from jupyter_ext.status.models import Yarn

# Readable on Lab's white and on its near-black: 4:1 against either.
_INK = "#7f7f7f"
_USED = "#4c8bf5"
_WAITING = "#e07b39"
SHORTEST = timedelta(minutes=1)
"""Of time that the plots show, from their first point on."""

_HEIGHT_PX = 170
_QUEUE_PX = 22
_SHAPE: dict[str, Any] = {
    "height": _HEIGHT_PX,
    "tools": "",
    "toolbar_location": None,
    "sizing_mode": "stretch_width",
}
_COLUMNS = (
    "time",
    "memory",
    "memory_total",
    "memory_pending",
    "vcores",
    "vcores_total",
    "vcores_pending",
    "containers_pending",
    "apps_pending",
)


class Figures:
    """Four plots that grow by one point per poll.

    Every range is set from here and none is found by the browser: a range that the browser
    computes travels back to the kernel at each point.

    Parameters
    ----------
    window
        How far back the plots reach.
    points
        The most points that are kept.
    """

    def __init__(self, window: timedelta, points: int) -> None:
        self._window = window
        self._points = points
        self._history = ColumnDataSource({name: [] for name in _COLUMNS})
        self._shares = ColumnDataSource({"queue": [], "used": [], "guarantee": [], "ceiling": []})
        self._time = Range1d()
        self._names = FactorRange()
        self._tops: dict[str, Range1d] = {}
        memory = self._plot("Memory, GB", "memory_total")
        self._use(memory, "memory")
        vcores = self._plot("Vcores", "vcores_total")
        self._use(vcores, "vcores")
        waiting = self._plot("Waiting", "containers_pending")
        self._line(waiting, "containers_pending", "containers", _WAITING)
        self._line(waiting, "apps_pending", "applications", _USED)
        self._queues = self._queue_plot()
        self.layout: LayoutDOM = column(
            row(memory, vcores, sizing_mode="stretch_width"),
            row(waiting, self._queues, sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
        )

    def add(self, time: datetime, yarn: Yarn, queues: list[Queue]) -> None:
        """Append one poll's figures.

        Parameters
        ----------
        time
            When they were taken, local and naive: Bokeh prints the time it is given.
        """
        metrics = yarn.metrics
        point = {
            "time": time,
            "memory": metrics.allocated.memory_mb / 1024,
            "memory_total": metrics.total.memory_mb / 1024,
            "memory_pending": metrics.pending.memory_mb / 1024,
            "vcores": metrics.allocated.vcores,
            "vcores_total": metrics.total.vcores,
            "vcores_pending": metrics.pending.vcores,
            "containers_pending": metrics.containers_pending,
            "apps_pending": metrics.apps_pending,
        }
        self._history.stream({name: [value] for name, value in point.items()}, self._points)
        reach = max(SHORTEST, time - self._history.data["time"][0])
        self._time.update(start=time - min(reach, self._window), end=time)
        for name, top in self._tops.items():
            top.end = 1.1 * max(1, *self._history.data[name])
        self._show_queues([queue for queue in queues if queue.leaf])

    def _show_queues(self, leaves: list[Queue]) -> None:
        names = [queue.path for queue in leaves]
        if names != self._names.factors:
            self._names.factors = names
            self._queues.height = max(_HEIGHT_PX, 70 + _QUEUE_PX * len(names))
        # Above its ceiling a share can't be; without one, the whole cluster is the limit.
        self._shares.data = {
            "queue": names,
            "used": [100 * queue.used for queue in leaves],
            "guarantee": [100 * (queue.guarantee or 0) for queue in leaves],
            "ceiling": [100 * (1 if queue.ceiling is None else queue.ceiling) for queue in leaves],
        }

    def _plot(self, title: str, highest: str) -> figure:
        """Make a plot over time whose top follows the highest value of one column."""
        self._tops[highest] = Range1d(start=0, end=1)
        plot = figure(
            title=_title(title),
            x_axis_type="datetime",
            x_range=self._time,
            y_range=self._tops[highest],
            **_SHAPE,
        )
        plot.xaxis.formatter = DatetimeTickFormatter(
            seconds="%H:%M:%S", minsec="%H:%M:%S", minutes="%H:%M", hourmin="%H:%M", hours="%H:%M"
        )
        return _styled(plot)

    def _use(self, plot: figure, name: str) -> None:
        """Draw what is used, what there is, and what is waited for."""
        source = self._history
        plot.varea("time", y1=name, y2=value(0), source=source, color=_USED, alpha=0.25)
        self._line(plot, name, "used", _USED)
        self._line(plot, f"{name}_total", "total", _INK, dash="dashed")
        self._line(plot, f"{name}_pending", "waiting", _WAITING)

    def _line(self, plot: figure, name: str, label: str, color: str, dash: str = "solid") -> None:
        plot.line(
            "time",
            name,
            source=self._history,
            color=color,
            line_dash=dash,
            line_width=1.5,
            legend_label=label,
        )
        _style_legend(plot)

    def _queue_plot(self) -> figure:
        plot = figure(
            title=_title("Queues, %: ■ used  | guarantee  □ ceiling"),
            x_range=Range1d(start=0, end=101),
            y_range=self._names,
            **_SHAPE,
        )
        source = self._shares
        bar: dict[str, Any] = {"y": "queue", "height": 0.6, "source": source}
        plot.hbar(right="used", color=_USED, alpha=0.7, **bar)
        plot.hbar(right="ceiling", line_color=_INK, fill_alpha=0, **bar)
        plot.scatter(
            "guarantee",
            "queue",
            source=source,
            marker="dash",
            angle=pi / 2,
            size=16,
            line_color=_WAITING,
            line_width=2,
        )
        return _styled(plot)


def _title(text: str) -> Title:
    return Title(text=text, text_color=_INK, text_font_size="10pt")


def _styled(plot: figure) -> figure:
    """Let the notebook's own background show through, light or dark."""
    plot.background_fill_alpha = 0
    plot.border_fill_alpha = 0
    plot.outline_line_alpha = 0.3
    plot.axis.axis_line_color = _INK
    plot.axis.major_tick_line_color = _INK
    plot.axis.minor_tick_line_color = None
    plot.axis.major_label_text_color = _INK
    plot.grid.grid_line_color = _INK
    plot.grid.grid_line_alpha = 0.2
    return plot


def _style_legend(plot: figure) -> None:
    plot.legend.background_fill_alpha = 0
    plot.legend.border_line_alpha = 0
    plot.legend.label_text_color = _INK
    plot.legend.label_text_font_size = "8pt"
    plot.legend.orientation = "horizontal"
    plot.legend.location = "top_left"
