"""The clients against real daemons."""

from __future__ import annotations

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import Conflict, Forbidden, InvalidInput, LoginNeeded, NotFound
from jupyter_ext.hadoop.clients import Hadoop
from tests.conftest import eventually

ODD = "/user/alice/50 % of # größe?"


@pytest.fixture
def profiles(sandbox):
    return ProfileStore(sandbox.layers)


@pytest.fixture
def dev(profiles, jp_asyncio_loop):
    hadoop = Hadoop.open(profiles.get("dev"))
    yield hadoop
    jp_asyncio_loop.run_until_complete(hadoop.aclose())


async def test_the_cluster_describes_itself(dev):
    info = await dev.resourcemanager.info()
    assert (info.ha_state, info.state, info.version[:2]) == ("ACTIVE", "STARTED", "3.")
    metrics = await dev.resourcemanager.metrics()
    assert (metrics.total.memory_mb, metrics.total.vcores, metrics.nodes.active) == (4096, 8, 1)
    (node,) = await dev.resourcemanager.nodes()
    assert node.state == "RUNNING"
    assert node.used.memory_mb + node.available.memory_mb == 4096
    hdfs = await dev.namenode.metrics()
    assert (hdfs.live_datanodes, hdfs.missing_blocks, hdfs.safe_mode) == (1, 0, "")
    assert hdfs.capacity_bytes > hdfs.used_bytes > 0


async def test_queues(dev):
    scheduler = await dev.resourcemanager.scheduler()
    shares = {queue.path: (queue.guarantee, queue.ceiling) for queue in scheduler.queues}
    assert shares == {"root": (1.0, 1.0), "root.default": (0.8, 1.0), "root.small": (0.2, 0.2)}
    small = scheduler.queues[-1]
    assert small.am_limit is not None
    assert small.am_limit.memory_mb < 400


async def test_an_application_from_start_to_end(dev, sandbox):
    manager = dev.resourcemanager
    command = "echo to-stdout; echo to-stderr >&2; sleep 300"
    app_id = sandbox.submit(
        "dev", command=f"sh -c '{command}' 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr"
    )

    async def log():
        try:
            found = await manager.log(app_id, "stdout", 1000)
        except NotFound:
            return None
        return found if found.text else None

    tail = await eventually(log)
    assert (tail.text.strip(), tail.truncated) == ("to-stdout", False)
    assert {"stdout", "stderr"} <= set(tail.files)
    assert (await manager.log(app_id, "stdout", 4)).truncated
    with pytest.raises(NotFound, match="has no log file nope"):
        await manager.log(app_id, "nope", 1000)
    (attempt,) = await manager.attempts(app_id)
    assert attempt.container.startswith("container_")
    assert app_id in [app.id for app in await manager.apps(user="alice", states=["ACCEPTED"])]
    assert app_id not in [app.id for app in await manager.apps(user="bob")]

    await manager.kill(app_id)
    await eventually(lambda: _state(manager, app_id, "KILLED"))
    assert "killed by user alice" in (await manager.app(app_id)).diagnostics
    await manager.kill(app_id)  # ended already: stays as it is


async def _state(manager, app_id, wanted):
    return (await manager.app(app_id)).state == wanted


async def test_the_scheduler_says_why_an_application_waits(dev, sandbox):
    with sandbox.application("dev", queue="small", memory_mb=192):
        with sandbox.application("dev", queue="small", memory_mb=192) as waiting:
            found = await dev.resourcemanager.activities(waiting)
    assert found.app == waiting
    assert found.waiting


async def test_unknown_and_impossible_applications(dev):
    with pytest.raises(NotFound, match="not found"):
        await dev.resourcemanager.app("application_1_0001")
    with pytest.raises(InvalidInput, match="Invalid ApplicationId"):
        await dev.resourcemanager.kill("garbage")


async def test_files_with_odd_names(dev):
    files = dev.webhdfs
    await files.mkdirs(ODD)
    try:
        path = f"{ODD}/a+b%20c&d=e.txt"
        await files.create(path, b"hello")
        with pytest.raises(Conflict):
            await files.create(path, b"again")

        async def more():
            yield b" wor"
            yield b"ld"

        await files.append(path, more())
        assert await files.read(path) == b"hello world"
        assert await files.read(path, offset=4, length=3) == b"o w"
        status = await files.stat(path)
        assert (status.path, status.type, status.length, status.owner) == (
            path,
            "FILE",
            11,
            "alice",
        )
        assert [status.path async for status in files.list(ODD)] == [path]
        await files.rename(path, f"{ODD}/moved")
        with pytest.raises(InvalidInput, match="was not moved"):
            await files.rename(path, f"{ODD}/moved again")
        with pytest.raises(NotFound):
            await files.stat(path)
        summary = await files.content_summary(ODD)
        assert (summary.used, summary.space_used) == (2, 11)
        assert (await files.quota(ODD)).quota == -1
        with pytest.raises(Forbidden, match="non empty"):
            await files.delete(ODD)
    finally:
        assert await files.delete(ODD, recursive=True)
    assert not await files.delete(ODD)


async def test_an_empty_directory_and_a_relative_path(dev):
    await dev.webhdfs.mkdirs(ODD)
    assert [status async for status in dev.webhdfs.list(ODD)] == []
    await dev.webhdfs.delete(ODD, recursive=True)
    with pytest.raises(InvalidInput, match="no absolute path"):
        await dev.webhdfs.stat("data")


async def test_what_belongs_to_others(dev):
    with pytest.raises(Forbidden, match="Permission denied: user=alice, access=WRITE"):
        await dev.webhdfs.create("/data/mine", b"x")


async def test_prod_asks_for_a_login(profiles):
    async with Hadoop.open(profiles.get("prod")) as hadoop:
        for question in (
            hadoop.resourcemanager.metrics(),
            hadoop.namenode.metrics(),
            hadoop.webhdfs.stat("/"),
        ):
            with pytest.raises(LoginNeeded, match="wants a Kerberos ticket of PROD"):
                await question
