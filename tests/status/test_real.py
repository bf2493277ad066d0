"""The status of real clusters: what people see when daemons die and applications wait."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import time
from pathlib import Path

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import NotFound
from jupyter_ext.status.board import StatusBoard
from jupyter_ext.status.poller import poll_once
from tests.conftest import eventually
from tests.hadoop_sandbox import RunningSandbox, rest
from tests.status.test_board import Tab

UP = ("up", "--only", "dev")


def profile(sandbox, name="dev"):
    """A profile of the sandbox, as alice."""
    found = ProfileStore(sandbox.layers).get(name)
    return found.model_copy(update={"user": "alice"})


async def app_status(sandbox, app):
    status = await poll_once(profile(sandbox))
    return next((found for found in status.apps if found.id == app), None)


@pytest.fixture
def wall(sandbox, jp_asyncio_loop):
    """The board of the session's clusters, in a hurry."""
    found = StatusBoard(ProfileStore(sandbox.layers), tick_s=0.5)
    yield found
    jp_asyncio_loop.run_until_complete(found.stop())


async def test_a_healthy_cluster(sandbox):
    status = await poll_once(profile(sandbox))
    assert (status.state, status.failures) == ("up", {})
    assert status.yarn.info.version.startswith("3.")
    assert status.yarn.metrics.total.memory_mb == 4096
    assert status.yarn.metrics.nodes.active == 1
    assert status.scheduler == "capacity"
    small = next(queue for queue in status.queues if queue.path == "root.small")
    assert (small.guarantee, small.ceiling) == (0.2, 0.2)
    assert status.hdfs.metrics.live_datanodes == 1
    assert status.hdfs.metrics.capacity_bytes > 0


async def test_the_second_application_of_a_small_queue_waits_and_says_why(sandbox):
    with (
        sandbox.application(queue="small") as first,
        sandbox.application(queue="small") as second,
    ):
        waiting = await eventually(lambda: _waiting(sandbox, second, "used up"))
        assert waiting == (
            "The share of queue root.small for ApplicationMasters is used up: 128 MB of 192 MB are "
            "taken, and this one needs 128 MB."
        )
        await eventually(lambda: _waiting(sandbox, first, "is starting and has not reported"))
    ended = await app_status(sandbox, second)
    assert (ended.state, ended.waiting) == ("KILLED", "")


async def test_an_application_that_gets_no_containers_says_what_it_waits_for(sandbox):
    command = sandbox.application_master(containers=2, container_mb=2048)
    with sandbox.application(queue="small", memory_mb=256, command=command) as app:
        waiting = await eventually(lambda: _waiting(sandbox, app, "more"))
    assert waiting == (
        "It waits for 4.0 GB more: queue root.small has no room for it: 256 MB of 819 MB are used."
    )


async def test_an_application_that_no_node_has_room_for(sandbox):
    command = sandbox.application_master(containers=3, container_mb=1024)
    with sandbox.application(memory_mb=256, command=command) as large:
        await eventually(lambda: _containers(sandbox, large, 4))
        with sandbox.application(memory_mb=1024) as app:
            waiting = await eventually(lambda: _waiting(sandbox, app, "room"))
    assert waiting == "The cluster has no room for it: 3.2 GB of 4.0 GB are used."


async def _containers(sandbox, app, number):
    found = await app_status(sandbox, app)
    return found and found.containers == number


async def _waiting(sandbox, app, words):
    found = await app_status(sandbox, app)
    return found.waiting if found and words in found.waiting else None


async def test_a_cluster_with_kerberos_asks_for_a_login(sandbox):
    status = await poll_once(ProfileStore(sandbox.layers).get("prod"))
    assert status.state == "login_needed"
    assert status.reason
    assert status.hint
    assert {failure.code for failure in status.failures.values()} == {"login_needed"}


async def test_a_kill_from_the_panel(sandbox, wall):
    user = ProfileStore(sandbox.layers).get("dev").user
    with sandbox.application(user=user) as app:
        tab = Tab(wall)
        await eventually(lambda: app in _states(tab))
        await eventually(lambda: _said(wall, app))
        await wall.kill("dev", app)
        await eventually(lambda: _states(tab).get(app) == "KILLED")
        assert await _said(wall, app) == "hello"


async def _said(wall, app):
    """What an application has written, once its container has begun to."""
    try:
        return (await wall.log("dev", app, "stdout", 1000)).text.strip()
    except NotFound:
        return ""


def _states(tab):
    statuses = tab.statuses("dev")
    return {app.id: app.state for app in statuses[-1].apps} if statuses else {}


async def test_the_scheduler_says_why_itself(sandbox, wall):
    with (
        sandbox.application(queue="small"),
        sandbox.application(queue="small") as second,
    ):
        await eventually(lambda: _waiting(sandbox, second, "used up"))
        answer = await wall.activities("dev", second)
    assert answer.app == second
    assert "ApplicationMasters is used up" in answer.waiting


async def test_two_tabs_then_none(sandbox, wall, caplog):
    """By what the HTTP client itself says it asked."""
    caplog.set_level(logging.INFO, logger="httpx")

    def asked():
        return sum("/ws/v1/cluster/metrics" in record.getMessage() for record in caplog.records)

    first = Tab(wall)
    first.subscription.watch(["dev"])
    await first.sees("dev", 3)
    before, polls = asked(), len(first.statuses("dev"))
    await first.sees("dev", 6)
    alone = (asked() - before) / (len(first.statuses("dev")) - polls)
    second = Tab(wall)
    second.subscription.watch(["dev"])
    await second.sees("dev", 3)
    before, polls = asked(), len(first.statuses("dev"))
    await first.sees("dev", 6)
    both = (asked() - before) / (len(first.statuses("dev")) - polls)
    assert alone == pytest.approx(1, abs=0.2)
    assert both == pytest.approx(alone, abs=0.2)
    first.subscription.watch([])
    second.subscription.watch(["stage"])
    caplog.clear()
    await second.sees("stage", 6)
    assert asked() >= 5
    stage = sandbox.resourcemanager("stage")
    assert all(stage in r.getMessage() for r in caplog.records if "/metrics" in r.getMessage())
    await wall.stop()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("poll ")]


# -- faults ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fragile(tmp_path_factory):
    """A cluster of these tests' own, every daemon a process, with two ResourceManagers."""
    own = RunningSandbox.below(tmp_path_factory.mktemp("fragile"))
    own.run(*UP, "--processes", "--rm-ha")
    yield own
    own.run("down")


@pytest.fixture
def board(fragile, jp_asyncio_loop):
    """Watches it with the tick that people have; whatever was killed is mended afterwards."""
    found = StatusBoard(ProfileStore(fragile.layers), tick_s=5)
    yield found
    jp_asyncio_loop.run_until_complete(found.stop())
    fragile.run(*UP)


async def becomes(tab, state, words=""):
    """Wait for a status in this state whose reason has these words."""

    def last():
        statuses = tab.statuses("dev")
        found = statuses[-1] if statuses else tab.boards()[0].cards[0].status
        return found if found.state == state and words in found.reason else None

    await eventually(tab.boards)
    return await eventually(last, 60)


def lost_nodes(fragile):
    url = f"{fragile.resourcemanager('dev')}/ws/v1/cluster/metrics"
    return rest("GET", url)["clusterMetrics"]["lostNodes"]


async def mend(fragile):
    await asyncio.to_thread(fragile.run, *UP)


async def test_a_killed_nodemanager_shows_within_two_ticks_and_is_forgotten_when_back(
    fragile, board
):
    tab = Tab(board)
    await becomes(tab, "up")
    fragile.kill("dev-nodemanager")
    await eventually(lambda: lost_nodes(fragile) == 1)
    known_at = time.time()
    await becomes(tab, "degraded", "The only NodeManager is lost")
    polls = {status.polled_at or 0 for status in tab.statuses("dev")}
    assert sum(polled_at > known_at for polled_at in polls) <= 2
    await mend(fragile)
    await becomes(tab, "up")


async def test_a_dead_standby_resourcemanager(fragile, board):
    tab = Tab(board)
    await becomes(tab, "up")
    fragile.kill("dev-resourcemanager2")
    status = await becomes(tab, "degraded", "ResourceManager rm2 does not answer")
    assert "nobody to take over" in status.hint
    await mend(fragile)
    await becomes(tab, "up")


async def test_no_active_resourcemanager_and_a_failover(fragile, board):
    tab = Tab(board)
    await becomes(tab, "up")
    fragile.kill("dev-resourcemanager")
    status = await becomes(tab, "down")
    assert status.failures["metrics"].code == "no_active"
    assert status.hdfs.metrics.live_datanodes == 1
    await asyncio.to_thread(fragile.activate, "dev", "rm2")
    tab.subscription.watch(None, refresh=True)
    status = await becomes(tab, "degraded", "ResourceManager rm1 does not answer")
    assert status.yarn.active.endswith(str(fragile.port("dev", "rm-http2")))
    await mend(fragile)
    await becomes(tab, "up")


async def test_safe_mode(fragile, board):
    tab = Tab(board)
    await becomes(tab, "up")
    await asyncio.to_thread(_safe_mode, fragile, "enter")
    status = await becomes(tab, "degraded", "HDFS is in safe mode")
    assert "dfsadmin -safemode leave" in status.hint
    await asyncio.to_thread(_safe_mode, fragile, "leave")
    await becomes(tab, "up")


async def test_hdfs_gone_while_yarn_works(fragile, board):
    tab = Tab(board)
    await becomes(tab, "up")
    fragile.kill("dev-namenode")
    tab.subscription.watch(None, refresh=True)
    status = await becomes(tab, "degraded", "HDFS does not work")
    assert status.failures["hdfs"].code == "unreachable"
    assert status.yarn.metrics.nodes.active == 1
    await mend(fragile)
    tab.subscription.watch(None, refresh=True)
    await becomes(tab, "up")


def _safe_mode(fragile, action):
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    hadoop = fragile._state("dev")["shape"]["hadoop"]
    jars = f"{cache}/jupyter-ext/hadoop/{hadoop}/lib/*"
    tool = "org.apache.hadoop.hdfs.tools.DFSAdmin"
    subprocess.run(
        ["java", "-cp", f"{fragile.conf_dir('dev')}:{jars}", tool, "-safemode", action],
        env={**os.environ, "HADOOP_USER_NAME": "hdfs"},
        check=True,
        capture_output=True,
        timeout=60,
    )
