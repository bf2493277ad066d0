"""Each daemon in its own JVM, two ResourceManagers: what tests of failures stand on."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import eventually
from tests.hadoop_sandbox import rest
from tests.sandbox.conftest import leftovers

UP = ("up", "--only", "dev")


@pytest.fixture
def pair(own):
    own.run(*UP, "--processes", "--rm-ha")
    return own


def ha_states(own) -> list[str]:
    return [
        rest("GET", f"http://localhost:{own.port('dev', port)}/ws/v1/cluster/info")["clusterInfo"][
            "haState"
        ]
        for port in ("rm-http", "rm-http2")
    ]


def metrics(own) -> dict:
    return rest("GET", f"{own.resourcemanager('dev')}/ws/v1/cluster/metrics")["clusterMetrics"]


def test_one_of_two_resourcemanagers_is_active(pair):
    assert [daemon.name for daemon in pair.status().daemons] == [
        "dev-datanode",
        "dev-namenode",
        "dev-nodemanager",
        "dev-resourcemanager",
        "dev-resourcemanager2",
    ]
    assert ha_states(pair) == ["ACTIVE", "STANDBY"]
    conf = (pair.conf_dir("dev") / "yarn-site.xml").read_text()
    assert "<name>yarn.resourcemanager.ha.rm-ids</name><value>rm1,rm2</value>" in conf


async def test_a_killed_nodemanager_is_lost_and_comes_back(pair):
    pair.submit(command="sleep 1000")
    await eventually(lambda: any("sleep 1000" in line for line in leftovers(pair.directory)))
    others = {daemon.name: daemon.pid for daemon in pair.status().daemons}
    pair.kill("dev-nodemanager")
    await eventually(lambda: metrics(pair)["lostNodes"] == 1)
    assert pair.status().message.startswith("dev-nodemanager is not running")
    # As on any cluster, the container of a dead NodeManager lives on, until it is started again.
    assert any("sleep 1000" in line for line in leftovers(pair.directory))
    pair.run(*UP)
    await eventually(lambda: (metrics(pair)["lostNodes"], metrics(pair)["activeNodes"]) == (0, 1))
    assert not any("sleep 1000" in line for line in leftovers(pair.directory))
    now = {daemon.name: daemon.pid for daemon in pair.status().daemons}
    assert {name for name in now if now[name] != others[name]} == {"dev-nodemanager"}


def test_hdfs_takes_work_as_soon_as_a_killed_datanode_is_back(pair):
    pair.kill("dev-datanode")
    assert pair.status().message.startswith("dev-datanode is not running")
    pair.run(*UP)
    pair.write("dev", "/user/alice/note.txt", "at once")
    assert pair.read("dev", "/user/alice/note.txt") == "at once"


def test_the_other_resourcemanager_takes_over(pair):
    pair.kill("dev-resourcemanager")
    pair.activate("dev", "rm2")
    pair.run(*UP)
    assert ha_states(pair) == ["STANDBY", "ACTIVE"]


def test_a_daemon_whose_port_is_stolen_says_so(pair):
    pair.kill("dev-datanode")
    with socket.create_server(("127.0.0.1", pair.port("dev", "datanode-http"))):
        failed = pair.run(*UP, check=False)
    assert failed.returncode == 1
    assert "dev-datanode died while starting: " in failed.stderr
    assert "Address already in use" in failed.stderr
    # It was not its siblings' fault.
    alive = {daemon.name for daemon in pair.status().daemons if daemon.alive}
    assert alive == {
        "dev-namenode",
        "dev-nodemanager",
        "dev-resourcemanager",
        "dev-resourcemanager2",
    }


def test_a_pair_needs_no_jvm_per_daemon(own):
    said = own.run(*UP, "--no-processes", "--rm-ha").stdout
    assert "dev: ending it, because it is wanted in another shape" in said
    assert [daemon.name for daemon in own.status().daemons] == ["dev", "dev-resourcemanager2"]
    assert ha_states(own) == ["ACTIVE", "STANDBY"]
    assert metrics(own)["activeNodes"] == 1
    # The one that is left takes over, and keeps that when the other comes back.
    own.kill("dev")
    own.activate("dev", "rm2")
    own.run(*UP)
    assert ha_states(own) == ["STANDBY", "ACTIVE"]


def test_another_shape_replaces_the_old_one(own):
    own.run(*UP, "--no-processes", "--no-rm-ha")
    assert [daemon.name for daemon in own.status().daemons] == ["dev"]
    assert len(leftovers(own.directory)) == 1
    assert metrics(own)["activeNodes"] == 1
