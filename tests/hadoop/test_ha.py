"""Pairs of daemons: who is active, and what happens when that changes."""

from __future__ import annotations

import pytest

from jupyter_ext.errors import LoginNeeded, NoActive, Unreachable
from jupyter_ext.hadoop.clients import Hadoop
from tests.fakes.raw_server import black_hole, closed_port, raw_server, reply, silence
from tests.hadoop.daemons import METRICS, NOBODY_ACTIVE, STANDBY, as_json, info, paths, profile

INFO, MORE = "/ws/v1/cluster/info", "/ws/v1/cluster/metrics"


def active():
    return paths({INFO: info("ACTIVE"), MORE: METRICS})


def standby(answer=STANDBY):
    return paths({INFO: info("STANDBY"), MORE: answer})


def asked(server, path):
    return sum(head.startswith(f"GET {path}") for head in server.requests)


async def test_the_active_one_is_found_and_remembered():
    async with raw_server(standby()) as one, raw_server(active()) as two:
        async with Hadoop.open(profile([one.url(), two.url()])) as hadoop:
            for _ in range(3):
                assert (await hadoop.resourcemanager.metrics()).nodes.active == 1
            assert hadoop.resourcemanager.active.id == "rm2"
    assert (asked(one, INFO), asked(one, MORE)) == (1, 0)
    assert (asked(two, INFO), asked(two, MORE)) == (1, 3)


@pytest.mark.parametrize("answer", [STANDBY, NOBODY_ACTIVE, reply(b"x", Content_Type="text/html")])
async def test_a_failover_is_followed_without_following_the_redirect(answer):
    answers = {INFO: info("ACTIVE"), MORE: METRICS}
    others = {INFO: info("STANDBY"), MORE: answer}
    async with raw_server(paths(answers)) as one, raw_server(paths(others)) as two:
        async with Hadoop.open(profile([one.url(), two.url()])) as hadoop:
            await hadoop.resourcemanager.metrics()
            answers |= {INFO: info("STANDBY"), MORE: answer}
            others |= {INFO: info("ACTIVE"), MORE: METRICS}
            await hadoop.resourcemanager.metrics()
            assert hadoop.resourcemanager.active.id == "rm2"


async def test_one_that_hangs_does_not_delay_finding_the_other():
    async with black_hole() as dead, raw_server(active()) as alive:
        async with Hadoop.open(profile([dead.url(), alive.url()])) as hadoop:
            await hadoop.resourcemanager.metrics()
            assert hadoop.resourcemanager.active.id == "rm2"


async def test_nobody_is_active():
    async with raw_server(standby(NOBODY_ACTIVE)) as one, raw_server(standby()) as two:
        async with Hadoop.open(profile([one.url(), two.url()])) as hadoop:
            with pytest.raises(
                NoActive, match="None of the 2 ResourceManagers is active"
            ) as caught:
                await hadoop.resourcemanager.metrics()
    assert caught.value.cluster == "made-up"


async def test_nobody_answers():
    urls = [f"http://localhost:{closed_port()}" for _ in range(2)]
    async with Hadoop.open(profile(urls)) as hadoop:
        with pytest.raises(Unreachable):
            await hadoop.resourcemanager.metrics()
        with pytest.raises(Unreachable):
            await hadoop.resourcemanager.states()


async def test_a_missing_login_is_said_before_a_dead_daemon():
    refuse = paths({"/": reply(b"", "401 Unauthorized", WWW_Authenticate="Negotiate")})
    async with raw_server(refuse) as server:
        dead = f"http://localhost:{closed_port()}"
        async with Hadoop.open(profile([dead, server.url()], auth="kerberos")) as hadoop:
            with pytest.raises(LoginNeeded):
                await hadoop.resourcemanager.metrics()


async def test_states_tell_who_is_silent():
    async with raw_server(active()) as one:
        dead = f"http://localhost:{closed_port()}"
        async with Hadoop.open(profile([dead, one.url()])) as hadoop:
            found = await hadoop.resourcemanager.states()
    assert [(daemon.id, state and state.ha_state) for daemon, state in found] == [
        ("rm1", None),
        ("rm2", "ACTIVE"),
    ]


async def test_a_gateway_is_asked_for_the_cluster_and_not_for_who_is_active():
    path = "/gateway/default/resourcemanager" + MORE.removeprefix("/ws")
    async with raw_server(paths({path: METRICS})) as knox:
        base = knox.url("/gateway/default/resourcemanager")
        async with Hadoop.open(profile([base], auth="gateway")) as hadoop:
            assert (await hadoop.resourcemanager.metrics()).nodes.active == 1
    assert [head.split()[1] for head in knox.requests] == [path]


async def test_two_that_both_claim_to_be_active_keep_the_one_in_use():
    async with raw_server(active()) as one, raw_server(active()) as two:
        async with Hadoop.open(profile([one.url(), two.url()])) as hadoop:
            await hadoop.resourcemanager.metrics()
            before = hadoop.resourcemanager.active
            await hadoop.resourcemanager.states()
            assert hadoop.resourcemanager.active == before


def namenode(state, **numbers):
    status = {"name": "Hadoop:service=NameNode,name=NameNodeStatus", "State": state}
    system = {"name": "Hadoop:service=NameNode,name=FSNamesystem", "CapacityTotal": 9, **numbers}
    return paths(
        {
            "/jmx?qry=Hadoop%3Aservice%3D%2A%2Cname%3DNameNodeStatus": as_json({"beans": [status]}),
            "/jmx?qry=Hadoop%3Aservice%3D%2A%2Cname%3DFSNamesystem": as_json({"beans": [system]}),
        }
    )


async def test_a_standby_namenode_answers_too_and_is_not_believed():
    async with raw_server(namenode("standby", BlocksTotal=1)) as one:
        async with raw_server(namenode("active", BlocksTotal=7)) as two:
            async with Hadoop.open(profile(None, [one.url(), two.url()])) as hadoop:
                assert (await hadoop.namenode.metrics()).blocks == 7
                found = await hadoop.namenode.states()
    assert [(daemon.id, state) for daemon, state in found] == [
        ("nn1", "STANDBY"),
        ("nn2", "ACTIVE"),
    ]


async def test_a_dead_first_namenode_does_not_hide_the_second():
    async with raw_server(paths({"/": silence})) as one, raw_server(namenode("active")) as two:
        async with Hadoop.open(profile(None, [one.url(), two.url()])) as hadoop:
            assert (await hadoop.namenode.metrics()).capacity_bytes == 9
