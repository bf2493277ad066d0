"""The clients against a real pair of ResourceManagers and a real NameNode in safe mode."""

from __future__ import annotations

import asyncio
import os
import subprocess

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import NoActive, Unavailable
from jupyter_ext.hadoop.clients import Hadoop
from tests.hadoop_sandbox import RunningSandbox


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A cluster of these tests' own with two ResourceManagers, rm1 active."""
    own = RunningSandbox.below(tmp_path_factory.mktemp("pair"))
    own.run("up", "--only", "dev", "--processes", "--rm-ha")
    yield own
    own.run("down", "--purge")


@pytest.fixture
def profile(pair):
    return ProfileStore(pair.layers).get("dev")


def alone(profile, number):
    """The profile as if there were only one of its ResourceManagers."""
    one = profile.endpoints.resourcemanagers[number]
    endpoints = profile.endpoints.model_copy(update={"resourcemanagers": [one]})
    return profile.model_copy(update={"endpoints": endpoints})


async def test_a_standby_says_what_it_is_and_nothing_else(profile):
    async with Hadoop.open(alone(profile, 1)) as hadoop:
        ((daemon, info),) = await hadoop.resourcemanager.states()
        assert (daemon.id, info.ha_state, info.state) == ("rm2", "STANDBY", "STARTED")
        for question in (
            hadoop.resourcemanager.metrics(),
            hadoop.resourcemanager.apps(),
            hadoop.resourcemanager.scheduler(),
            hadoop.resourcemanager.kill("application_1_0001"),
        ):
            with pytest.raises(NoActive, match="is on standby"):
                await question


async def test_a_failover_is_followed(pair, profile):
    async with Hadoop.open(profile) as hadoop:
        manager = hadoop.resourcemanager
        assert (await manager.info()).ha_state == "ACTIVE"
        assert manager.active.id == "rm1"
        await asyncio.to_thread(_admin, pair, "-transitionToStandby", "rm1")
        # Nobody is active now: rm1 itself answers with 307 and no Location.
        with pytest.raises(NoActive, match="None of the 2 ResourceManagers is active"):
            await manager.metrics()
        async with Hadoop.open(alone(profile, 0)) as other:
            with pytest.raises(NoActive, match="is on standby"):
                await other.resourcemanager.metrics()
        await asyncio.to_thread(_admin, pair, "-transitionToActive", "rm2")
        assert (await manager.metrics()).nodes.total >= 0
        assert manager.active.id == "rm2"
        states = {daemon.id: info.ha_state for daemon, info in await manager.states()}
        assert states == {"rm1": "STANDBY", "rm2": "ACTIVE"}


async def test_hdfs_in_safe_mode_can_be_read_and_not_written(pair, profile):
    async with Hadoop.open(profile) as hadoop:
        await hadoop.webhdfs.create("/user/alice/before", b"x", overwrite=True)
        await asyncio.to_thread(_dfs_admin, pair, "enter")
        try:
            assert "Safe mode is ON" in (await hadoop.namenode.metrics()).safe_mode
            assert await hadoop.webhdfs.read("/user/alice/before") == b"x"
            for change in (
                hadoop.webhdfs.create("/user/alice/now", b"x"),
                hadoop.webhdfs.mkdirs("/user/alice/dir"),
                hadoop.webhdfs.delete("/user/alice/before"),
            ):
                with pytest.raises(Unavailable, match="is in safe mode and takes no changes"):
                    await change
        finally:
            await asyncio.to_thread(_dfs_admin, pair, "leave")
        assert await hadoop.webhdfs.delete("/user/alice/before")


def _admin(pair, *arguments):
    _java(pair, "org.apache.hadoop.yarn.client.cli.RMAdminCLI", *arguments)


def _dfs_admin(pair, action):
    _java(pair, "org.apache.hadoop.hdfs.tools.DFSAdmin", "-safemode", action)


def _java(pair, main, *arguments):
    jars = f"{pair.environment['XDG_CACHE_HOME']}/jupyter-ext/hadoop/3.5.0/lib/*"
    done = subprocess.run(
        ["java", "-cp", f"{pair.directory / 'dev' / 'conf'}:{jars}", main, *arguments],
        env={**os.environ, "HADOOP_USER_NAME": "hdfs"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
