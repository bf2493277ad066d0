"""The live view: what it plots, and when it stops."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from jupyter_ext.clusters.models import Profile
from jupyter_ext.status.models import ClusterStatus
from jupyter_ext.status.plot import LivePlot
from tests.conftest import eventually
from tests.magics.samples import PROFILE, up

LOGIN = ClusterStatus(cluster="dev", state="login_needed", reason="dev wants a ticket.")


class Cluster:
    """Counts how often it is asked; each time it uses 1 MB more."""

    def __init__(self) -> None:
        self.asked = 0

    async def poll(self, profile: Profile) -> ClusterStatus:
        self.asked += 1
        return up(1024 + self.asked)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def plot(cluster):
    plots = []

    def make(first: ClusterStatus | None = None, **options: float) -> LivePlot:
        made = LivePlot(PROFILE, cluster.poll, first or up(), **{"interval_s": 0.01} | options)
        plots.append(made)
        return made

    yield make
    for made in plots:
        made.widget.close()


def column(live: LivePlot, name: str) -> list[float]:
    return live._figures._history.data[name]


def button(live: LivePlot, label: str):
    buttons = [child for child in live.widget.children[0].children if hasattr(child, "click")]
    return next(button for button in buttons if button.description == label)


def line(live: LivePlot) -> str:
    return live.widget.children[0].children[-1].value


async def ended(live: LivePlot) -> None:
    await eventually(lambda: not live.running, 10)


async def test_it_starts_with_what_is_known(plot, cluster):
    live = plot()
    assert column(live, "memory") == [1.0]
    assert column(live, "memory_total") == [4.0]
    assert column(live, "memory_pending") == [0.5]
    assert column(live, "vcores") == [2]
    assert column(live, "containers_pending") == [3]
    shares = live._figures._shares.data
    assert shares["queue"] == ["root.default", "root.small"], "leaves only"
    assert shares["used"] == [25.0, 0.0]
    assert shares["guarantee"] == [80.0, 20.0]
    assert shares["ceiling"] == [100.0, 20.0]
    assert "dev: up" in line(live)
    assert not live.running
    assert cluster.asked == 0
    assert live._figures._time.end - live._figures._time.start == timedelta(minutes=1)


async def test_it_grows_and_keeps_no_more_than_its_window(plot, cluster):
    live = plot(interval_s=300)  # two points in ten minutes, and the one at its start
    live.start(at_once=True)
    await eventually(lambda: len(column(live, "memory")) == 2, 10)
    for points in (3, 3, 3):
        asked = cluster.asked
        button(live, "Refresh").click()
        await eventually(lambda asked=asked: cluster.asked > asked, 10)
        await eventually(lambda: column(live, "memory")[-1] == (1024 + cluster.asked) / 1024, 10)
        assert len(column(live, "memory")) == points


async def test_stop_and_resume(plot, cluster):
    live = plot()
    live.start()
    await eventually(lambda: cluster.asked > 2, 10)
    button(live, "Stop").click()
    await ended(live)
    asked = cluster.asked
    assert line(live).endswith("Stopped.")
    button(live, "Resume").click()
    await eventually(lambda: cluster.asked > asked, 10)
    assert button(live, "Stop")
    assert "Stopped" not in line(live)


async def test_refresh_asks_at_once_even_when_stopped(plot, cluster):
    live = plot(interval_s=3600)
    live.start()
    await eventually(lambda: live._task is not None, 10)
    assert cluster.asked == 0
    button(live, "Refresh").click()
    await eventually(lambda: cluster.asked == 1, 10)
    live.stop()
    await ended(live)
    button(live, "Refresh").click()
    await eventually(lambda: cluster.asked == 2, 10)


async def test_it_ends_when_the_widget_is_closed(plot):
    live = plot()
    live.start()
    await eventually(lambda: live._task is not None, 10)
    live.widget.close()
    await ended(live)
    assert not [t for t in threading.enumerate() if t.name == "jupyter-ext-plot-dev"]


async def test_it_pauses_when_nobody_displays_it(plot):
    live = plot(unseen_s=0.05)
    live.start()
    await ended(live)
    assert line(live).endswith("Paused: it was displayed nowhere.")


async def test_it_pauses_when_the_page_went_without_a_word(plot):
    live = plot(unseen_s=0.0, silent_s=0.05)
    live.widget._view_count = 1
    live.start()
    await ended(live)
    assert line(live).endswith("Paused: no sign of anybody for a long time.")


async def test_a_new_place_gets_the_whole_history(plot, cluster):
    live = plot()
    bundle = live.widget.children[1].render_bundle
    live.start()
    await eventually(lambda: cluster.asked > 3, 10)
    live.widget._view_count = 1
    assert str(live.widget.children[1].render_bundle) != str(bundle)


async def test_a_cluster_that_does_not_let_us_in_is_said_to_be_so(plot):
    live = plot(LOGIN)
    assert column(live, "memory") == []
    assert "dev: login needed. dev wants a ticket." in line(live)


async def test_a_hanging_cluster_does_not_hold_the_stop(plot, cluster):
    async def hang(profile: Profile) -> ClusterStatus:
        cluster.asked += 1
        await asyncio.Event().wait()
        raise AssertionError

    live = LivePlot(PROFILE, hang, up(), interval_s=0.01)
    live.start()
    await eventually(lambda: cluster.asked, 10)
    live.stop()
    await ended(live)
    live.widget.close()


async def test_without_widgets_there_are_words(plot):
    bundle = plot()._repr_mimebundle_()
    assert bundle["text/plain"].startswith("dev: up\nmemory")
    assert "application/vnd.jupyter.widget-view+json" in bundle


async def test_the_page_needs_no_internet_and_no_background(plot):
    live = plot()
    state = str(live.widget.children[1].render_bundle)
    assert "cdn.bokeh.org" not in state
    for figure in live._figures.layout.select({"type": type(live._figures._queues)}):
        assert (figure.background_fill_alpha, figure.border_fill_alpha) == (0, 0)
