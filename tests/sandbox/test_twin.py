"""A second secure cluster, whose realm has the same name as prod's."""

from __future__ import annotations

import asyncio
import shutil
import socket
from contextlib import closing

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.failures import KdcUnreachable
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.hadoop.access import LoggedIn
from jupyter_ext.status.poller import poll_once
from tests.hadoop_sandbox import Login


def test_two_clusters_of_one_realm_name_know_their_own_users_only(sandbox, own, tmp_path):
    own.run("up", "--only", "twin")
    for folder in ("prod", "twin"):
        (tmp_path / folder).mkdir()
    prod = Login(sandbox, "alice", tmp_path / "prod")
    twin = Login(own, "alice", tmp_path / "twin", cluster="twin")
    urls = {
        "prod": f"{sandbox.resourcemanager('prod')}/ws/v1/cluster/metrics",
        "twin": f"{own.resourcemanager('twin')}/ws/v1/cluster/metrics",
    }
    assert [prod.rest("GET", urls["prod"])[0], twin.rest("GET", urls["twin"])[0]] == [200, 200]
    assert [prod.rest("GET", urls["twin"])[0], twin.rest("GET", urls["prod"])[0]] == [403, 403]


async def test_one_server_is_logged_in_to_both_beside_a_kdc_that_never_answers(
    sandbox, own, tmp_path
):
    own.run("up", "--only", "twin")
    layer = tmp_path / "clusters"
    shutil.copytree(sandbox.profile_dir("prod"), layer / "prod")
    shutil.copytree(own.profile_dir("twin"), layer / "twin")
    shutil.copytree(sandbox.profile_dir("prod"), layer / "hole")
    with (
        socket.create_server(("127.0.0.1", 0)) as hole,
        closing(RuntimeDirectory(tmp_path / "runtime")) as runtime,
    ):
        port = hole.getsockname()[1]
        for name in ("krb5.conf", "cluster.toml"):
            path = layer / "hole" / name
            text = path.read_text().replace(f":{sandbox.port('prod', 'kdc')}", f":{port}")
            path.write_text(text)
        store = ProfileStore([("user", layer)])
        broker = Broker(store, runtime, prover=prover)
        lost = asyncio.create_task(broker.login("ann", "hole", "alice", "alice-password"))
        await asyncio.gather(
            broker.login("ann", "prod", "alice", "alice-password"),
            broker.login("ann", "twin", "alice", "alice-password"),
        )
        assert not lost.done()  # the black hole held nobody up
        access = LoggedIn(broker, "ann")
        for name in ("prod", "twin", "prod", "twin"):
            status = await poll_once(store.get(name), access)
            assert (status.state, status.reason) == ("up", "")
            assert (await broker.renew("ann", name)).state == "valid"
        with pytest.raises(KdcUnreachable):
            await lost
        await broker.close()
