"""One cluster's poller, against daemons on loopback ports."""

import asyncio
import threading

import pytest

from jupyter_ext.status.poller import Poller, poll_once
from tests.conftest import eventually
from tests.fakes.busy import AM_LIMIT, busy_clusters
from tests.status.conftest import TICK_S

SECTIONS = {"info", "metrics", "apps", "scheduler", "hdfs"}


class Watched:
    """A poller with everything it published."""

    def __init__(self, profile, tick_s=TICK_S):
        self.statuses = []
        self.samples = []
        self.poller = Poller(profile, tick_s=tick_s, publish=self.take)

    def take(self, status, sample):
        self.statuses.append(status)
        self.samples += [sample] if sample else []

    @property
    def last(self):
        return self.statuses[-1] if self.statuses else None

    async def until(self, state):
        """Wait for a status in this state."""
        await eventually(lambda: self.last and self.last.state == state)
        return self.last


@pytest.fixture
def watched(profile, jp_asyncio_loop):
    found = Watched(profile)
    yield found
    jp_asyncio_loop.run_until_complete(found.poller.stop())


# -- once ------------------------------------------------------------------------------------------


async def test_poll_once_tells_everything(cluster, profile):
    cluster.add_app()
    cluster.add_app("ACCEPTED", queue="root.small", diagnostics=AM_LIMIT)
    cluster.add_app(user="bob")
    status = await poll_once(profile)
    assert (status.state, status.reason, status.failures) == ("up", "", {})
    assert status.yarn.info.version == "3.5.0"
    assert status.yarn.active == f"http://localhost:{cluster.port}"
    assert status.yarn.metrics.total.memory_mb == 8192
    assert status.yarn.metrics.apps_running == 2
    assert [daemon.ha_state for daemon in status.yarn.daemons] == ["ACTIVE"]
    assert [daemon.ha_state for daemon in status.hdfs.daemons] == ["ACTIVE"]
    assert status.hdfs.metrics.live_datanodes == 3
    assert status.scheduler == "capacity"
    assert {"root.default", "root.small"} <= {queue.path for queue in status.queues}
    waiting, running = status.apps
    assert (waiting.state, running.state, running.waiting) == ("ACCEPTED", "RUNNING", "")
    assert "ApplicationMasters is used up: 128 MB of 192 MB" in waiting.waiting
    assert status.polled_at is not None
    assert status.latency_ms > 0
    assert status.next_poll_s is None
    await eventually(lambda: cluster.connections == 0)


async def test_poll_once_needs_no_particular_loop(profile):
    found = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(poll_once(profile))))
    thread.start()
    await asyncio.to_thread(thread.join)
    assert found[0].state == "up"


async def test_a_dead_cluster_is_unreachable(root, store):
    async with busy_clusters("gone") as (gone,):
        gone.write_profile(root)
    status = await poll_once(store.get("gone"))
    assert status.state == "unreachable"
    assert str(gone.port) in status.reason
    assert status.hint
    assert set(status.failures) == SECTIONS
    assert status.polled_at is None


async def test_a_resourcemanager_that_shows_a_page_is_down(cluster, profile):
    for path in ("info", "metrics", "apps", "scheduler"):
        cluster.fault(path, (200, "<html>Please log in to the hotel's network.</html>"))
    status = await poll_once(profile)
    assert status.state == "down"
    assert status.reason == f"YARN does not work: {status.failures['metrics'].message}"
    assert status.hdfs.metrics.live_datanodes == 3


async def test_safe_mode_is_a_reason(cluster, profile):
    cluster.safe_mode = "Safe mode is ON. The reported blocks 0 needs additional 3 blocks."
    status = await poll_once(profile)
    assert status.state == "degraded"
    assert status.reason.startswith("HDFS is in safe mode: Safe mode is ON. The reported blocks 0")


async def test_a_broken_profile_is_not_asked(cluster, root, store):
    (root / "a" / "conf" / "yarn-site.xml").write_text("<configuration>")
    status = await poll_once(store.get("a"))
    assert status.state == "misconfigured"
    assert "yarn-site.xml" in status.reason
    assert cluster.requests.total() == 0


async def test_only_the_newest_applications_are_carried(cluster, profile):
    for _ in range(3):
        cluster.add_app(age_min=50)
    for n in range(600):
        cluster.add_app("FINISHED", age_min=n / 100)
    status = await poll_once(profile)
    assert len(status.apps) == 500
    assert status.apps_left_off == 103
    assert [app.state for app in status.apps[-3:]] == ["RUNNING"] * 3
    assert status.apps[-4].id == cluster.apps[3 + 496]["id"]


async def test_what_ended_long_ago_is_not_asked_for(cluster, profile):
    cluster.add_app("FINISHED", age_min=61)
    cluster.add_app("FAILED", age_min=59)
    status = await poll_once(profile)
    assert [app.state for app in status.apps] == ["FAILED"]


# -- again and again -------------------------------------------------------------------------------


async def test_cadence(cluster, watched):
    watched.poller.resume()
    await eventually(lambda: cluster.asked("metrics") >= 13)
    watched.poller.pause()
    assert abs(cluster.asked("info") - cluster.asked("metrics")) <= 1
    rounds = cluster.asked("metrics")
    # Each poll of the applications is two requests: the unfinished and the finished ones.
    assert rounds / 3 - 1 <= cluster.asked("apps") / 2 <= rounds / 3 + 1
    assert rounds / 6 - 1 <= cluster.asked("scheduler") <= rounds / 6 + 1
    assert cluster.requests["/ws/v1/cluster/nodes"] == 0


async def test_every_round_is_published_with_a_point_of_the_history(watched):
    watched.poller.resume()
    await eventually(lambda: len(watched.samples) >= 5)
    watched.poller.pause()
    times = [sample.time for sample in watched.samples]
    assert times == sorted(set(times))
    assert list(watched.poller.snapshot.history)[: len(times)] == watched.samples
    assert watched.last.state == "up"
    assert 0 < watched.last.next_poll_s <= TICK_S


async def test_a_section_that_hangs_holds_up_no_other(cluster, watched):
    stuck = asyncio.Event()
    cluster.fault("scheduler", stuck)
    watched.poller.resume()
    await eventually(lambda: cluster.asked("metrics") >= 8)
    assert watched.last.state == "up"
    assert watched.last.apps == []
    assert watched.last.queues == []
    assert cluster.asked("scheduler") == 1
    stuck.set()
    await eventually(lambda: watched.last.queues)


async def test_a_section_that_fails_is_told_and_the_rest_goes_on(cluster, watched):
    cluster.fault("scheduler", (500, "Internal Server Error"))
    watched.poller.resume()
    status = await watched.until("degraded")
    assert "queues are not known" in status.reason
    assert set(status.failures) == {"scheduler"}
    cluster.fault("scheduler", None)
    await watched.until("up")


async def test_failures_make_it_ask_less_and_less(cluster, watched):
    watched.poller.resume()
    await watched.until("up")
    cluster.fault("metrics", (500, "Internal Server Error"))
    await eventually(lambda: sum(s.state == "down" for s in watched.statuses) >= 4)
    pauses = [s.next_poll_s for s in watched.statuses if s.state == "down"]
    assert pauses == sorted(pauses)
    assert pauses[3] > 4 * pauses[0]
    # What is known stays, with its age.
    assert watched.last.yarn.metrics.total.memory_mb == 8192
    assert watched.last.polled_at == watched.samples[-1].time
    asked = cluster.asked("scheduler")
    cluster.fault("metrics", None)
    watched.poller.refresh()
    await watched.until("up")
    assert cluster.asked("scheduler") > asked
    assert watched.last.next_poll_s <= TICK_S


async def test_the_first_success_brings_everything_up_to_date(cluster, watched):
    cluster.fault("metrics", (500, "Internal Server Error"))
    watched.poller.resume()
    await watched.until("down")
    asked = cluster.asked("apps")
    cluster.fault("metrics", None)
    await watched.until("up")
    await eventually(lambda: cluster.asked("apps") > asked)


async def test_a_lost_nodemanager_is_named_and_its_return_noticed(cluster, watched):
    cluster.nodes["worker2"] = "RUNNING"
    watched.poller.resume()
    await watched.until("up")
    cluster.nodes["worker2"] = "LOST"
    status = await watched.until("degraded")
    assert status.reason == "1 of 2 NodeManagers lost (worker2)."
    seen = len(watched.samples)
    await eventually(lambda: len(watched.samples) >= seen + 3)
    assert cluster.asked("nodes") == 1
    cluster.nodes["worker2"] = "RUNNING"
    await watched.until("up")


async def test_an_application_that_appears_is_shown_in_the_same_round(cluster, watched):
    watched.poller.resume()
    await watched.until("up")
    cluster.add_app()
    await eventually(lambda: watched.last.yarn.metrics.apps_running == 1)
    first = next(s for s in watched.statuses if s.yarn and s.yarn.metrics.apps_running == 1)
    assert [app.state for app in first.apps] == ["RUNNING"]


async def test_a_pause_asks_nothing_closes_connections_and_keeps_what_was_learnt(cluster, watched):
    watched.poller.resume()
    await eventually(lambda: len(watched.samples) >= 3)
    watched.poller.pause()
    assert not watched.poller.running
    await eventually(lambda: cluster.connections == 0)
    before = cluster.requests.copy()
    status = watched.poller.status()
    assert (status.state, status.next_poll_s) == ("up", None)
    assert status.polled_at == watched.samples[-1].time
    watched.poller.resume()
    await eventually(lambda: cluster.asked("metrics") > before["/ws/v1/cluster/metrics"])
    history = watched.poller.snapshot.history
    await eventually(lambda: history[-1].time > status.polled_at)
    assert history[0] == watched.samples[0]


async def test_a_short_pause_costs_no_extra_request(cluster, profile):
    watched = Watched(profile, tick_s=60)
    watched.poller.resume()
    await watched.until("up")
    await eventually(lambda: cluster.asked("scheduler") == 1 and cluster.asked("apps") == 2)
    await watched.poller.stop()
    before = cluster.requests.copy()
    watched.poller.resume()
    watched.poller.refresh("metrics")
    await eventually(lambda: cluster.requests != before)
    await watched.poller.stop()
    assert cluster.requests - before == {"/ws/v1/cluster/metrics": 1}


async def test_who_borrowed_the_connections_may_finish(cluster, watched):
    watched.poller.resume()
    await watched.until("up")
    app = cluster.add_app()["id"]
    stuck = asyncio.Event()
    cluster.fault(f"apps/{app}/state", stuck)

    async def kill():
        async with watched.poller.client() as hadoop:
            await hadoop.resourcemanager.kill(app)

    killing = asyncio.create_task(kill())
    await eventually(lambda: cluster.asked(f"apps/{app}/state"))
    watched.poller.pause()
    stuck.set()
    await killing
    assert cluster.apps[0]["state"] == "KILLED"
    await watched.poller.stop()
    await eventually(lambda: cluster.connections == 0)
