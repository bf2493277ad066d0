"""Delegation tokens of the sandbox's prod: got with alice's ticket, used without any."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_ext.clusters.models import Endpoints, Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import hdts
from jupyter_ext.credentials.kerberos import Realm
from jupyter_ext.credentials.minted import Minted
from jupyter_ext.credentials.negotiate import Negotiate
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import Unreachable
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.tokens import TokenDesk
from tests.conftest import eventually
from tests.fakes.raw_server import closed_port
from tests.fakes.token_services import hiveserver2, kms
from tests.token_file import NO_TICKET, TokenFile

DAY_S, WEEK_S = 86400, 7 * 86400


class Alice:
    """alice, logged in to prod."""

    def __init__(self, profile: Profile, auth: Negotiate) -> None:
        self.profile = profile
        self.auth = auth
        self.desk = TokenDesk.open(profile, auth)

    def with_profile(self, **changes: Any) -> TokenDesk:
        """A desk for the same cluster, seen through another profile."""
        return TokenDesk.open(self.profile.model_copy(update=changes), self.auth)


@asynccontextmanager
async def logged_in(sandbox, directory: Path) -> AsyncIterator[Alice]:
    profile = ProfileStore(sandbox.layers).get("prod")
    realm = Realm(profile, directory)
    principal = f"alice@{profile.realm}"
    await realm.login(principal, "alice-password")
    tickets = ServiceTickets(profile, directory / "krb5cc", directory / "krb5.conf")
    alice = Alice(profile, Negotiate(principal, tickets))
    try:
        yield alice
    finally:
        await alice.desk.aclose()


@pytest.fixture(scope="module")
def java(sandbox, tmp_path_factory) -> TokenFile:
    return TokenFile(sandbox, tmp_path_factory.mktemp("java"))


def save(minted: list[Minted], directory: Path) -> Path:
    path = directory / "tokens"
    tokens = {alias: token for one in minted for alias, token in one.tokens.items()}
    path.write_bytes(hdts.write_file_bytes(tokens))
    return path


def elsewhere(profile: Profile) -> Endpoints:
    """Daemons whose web servers are down."""
    where = profile.endpoints
    down = {"url": f"http://localhost:{closed_port()}"}
    return where.model_copy(
        update={
            "namenodes": [daemon.model_copy(update=down) for daemon in where.namenodes],
            "resourcemanagers": [d.model_copy(update=down) for d in where.resourcemanagers],
        }
    )


def without_resourcemanager(profile: Profile) -> Endpoints:
    return profile.endpoints.model_copy(update={"resourcemanagers": []})


def whole(minted: Minted) -> str:
    return hdts.encode_url_string(minted.issued[-1].token)


async def listed_with(profile: Profile, minted: Minted) -> httpx.Response:
    """Ask the NameNode, showing nothing but a token."""
    query = {"op": "LISTSTATUS", "delegation": whole(minted)}
    async with httpx.AsyncClient() as client:
        return await client.get(
            f"{profile.endpoints.namenodes[0].url}/webhdfs/v1/user/alice", params=query
        )


async def apps_with(profile: Profile, minted: Minted) -> httpx.Response:
    """Ask the ResourceManager, showing nothing but a token."""
    url = f"{profile.endpoints.resourcemanagers[0].url}/ws/v1/cluster/apps"
    headers = {"X-Hadoop-Delegation-Token": whole(minted)}
    async with httpx.AsyncClient() as client:
        return await client.get(url, headers=headers)


async def test_a_token_of_each_service(sandbox, tmp_path):
    async with logged_in(sandbox, tmp_path) as alice:
        hdfs, yarn = await alice.desk.mint()

        rpc = alice.profile.endpoints.namenodes[0].rpc
        names = [f"127.0.0.1:{rpc.partition(':')[2]}", rpc]
        assert list(hdfs.tokens) == names
        assert [token.service for token in hdfs.tokens.values()] == names
        assert {token.kind for token in hdfs.tokens.values()} == {"HDFS_DELEGATION_TOKEN"}
        assert len({(token.identifier, token.password) for token in hdfs.tokens.values()}) == 1
        assert (hdfs.info.service, hdfs.info.address) == ("hdfs", rpc)
        # Else the ResourceManager would cancel them with the first application.
        assert hdfs.info.renewer == yarn.info.renewer == ""
        assert yarn.info.service == "resourcemanager"
        assert {token.kind for token in yarn.tokens.values()} == {"RM_DELEGATION_TOKEN"}
        assert len(yarn.tokens) == 2
        for minted in (hdfs, yarn):
            assert minted.info.error is None
            assert abs(minted.info.expires_at - time.time() - DAY_S) < 60
            assert abs(minted.info.max_date - time.time() - WEEK_S) < 60

        assert (await listed_with(alice.profile, hdfs)).status_code == 200
        assert (await apps_with(alice.profile, yarn)).status_code == 200


async def test_a_cancelled_token_is_refused(sandbox, tmp_path):
    async with logged_in(sandbox, tmp_path) as alice:
        hdfs, yarn = await alice.desk.mint()
        other, _ = await alice.desk.mint()
        await alice.desk.cancel(hdfs)
        await alice.desk.cancel(yarn)

        refused = await listed_with(alice.profile, hdfs)
        assert refused.status_code == 403
        assert "InvalidToken" in refused.text
        assert (await apps_with(alice.profile, yarn)).status_code in (401, 403)
        assert (await listed_with(alice.profile, other)).status_code == 200
        for minted in (hdfs, yarn):
            await alice.desk.cancel(minted)  # nothing is left to be done
        await alice.desk.cancel(other)


async def test_what_nobody_renews_is_replaced(sandbox, tmp_path):
    async with logged_in(sandbox, tmp_path) as alice:
        hdfs, yarn = await alice.desk.mint()
        new_hdfs, new_yarn = await alice.desk.renew(hdfs), await alice.desk.renew(yarn)

        assert whole(new_hdfs) != whole(hdfs)
        assert new_hdfs.info.expires_at > hdfs.info.expires_at
        assert new_hdfs.info.error is None
        # A program that runs may use it still.
        assert (await listed_with(alice.profile, hdfs)).status_code == 200
        assert whole(new_yarn) != whole(yarn)
        assert new_yarn.info.expires_at > yarn.info.expires_at
        assert (await apps_with(alice.profile, yarn)).status_code == 200

        await alice.desk.cancel(new_hdfs)
        for minted in (hdfs, new_hdfs):
            assert (await listed_with(alice.profile, minted)).status_code == 403


async def test_its_owner_renews_a_token_where_there_is_no_resourcemanager(sandbox, tmp_path):
    async with logged_in(sandbox, tmp_path) as alice:
        desk = alice.with_profile(endpoints=without_resourcemanager(alice.profile))
        [hdfs] = await desk.mint()
        assert hdfs.info.renewer == "alice"
        renewed = await desk.renew(hdfs)
        assert whole(renewed) == whole(hdfs)
        assert hdfs.info.expires_at < renewed.info.expires_at < renewed.info.max_date
        assert renewed.info.error is None
        await desk.cancel(renewed)
        assert (await listed_with(alice.profile, renewed)).status_code == 403
        await desk.aclose()


async def test_a_namenode_that_is_down_spoils_nothing_else(sandbox, tmp_path):
    async with logged_in(sandbox, tmp_path) as alice:
        down = elsewhere(alice.profile).namenodes[0]
        endpoints = alice.profile.endpoints.model_copy(update={"namenodes": [down]})
        desk = alice.with_profile(endpoints=endpoints)
        hdfs, yarn = await desk.mint()
        await desk.aclose()
    assert hdfs.info.error.code == "unreachable"
    where = down.url.removeprefix("http://")
    assert f"{where} cannot be reached: connection refused" in hdfs.info.error.message
    assert "Is the daemon running" in hdfs.info.error.hint
    assert (hdfs.info.expires_at, hdfs.info.address) == (None, down.rpc)
    assert not hdfs.tokens
    assert yarn.info.error is None
    assert yarn.tokens


async def test_the_file_is_all_that_hadoops_own_client_needs(sandbox, tmp_path, java):
    async with logged_in(sandbox, tmp_path) as alice:
        minted = await alice.desk.mint()
        tokens = save(minted, tmp_path)
        data = tokens.read_bytes()
        assert hdts.read_file_bytes(java.copy(data)) == hdts.read_file_bytes(data)
        single = hdts.write_file_bytes(dict(list(minted[0].tokens.items())[:1]))
        assert java.copy(single) == single

        done = java.list("/user", alice.profile, tokens)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0] == "false"  # it has no ticket
        assert "/user/alice" in done.stdout.splitlines()
        for one in minted:
            await alice.desk.cancel(one)
        refused = java.list("/user", alice.profile, tokens)
        assert refused.returncode == 1
        assert "InvalidToken" in refused.stderr


async def test_hiveserver2_proves_nothing_and_whoever_else_does_so_is_not_believed(
    sandbox, tmp_path
):
    async with logged_in(sandbox, tmp_path) as alice, hiveserver2() as hive, kms() as keys:
        where = {
            "hiveserver2": f"localhost:{hive.port}",
            "kms": f"http://localhost:{keys.port}/kms",
        }
        changed = alice.profile.config.model_copy(update=where)
        desk = alice.with_profile(config=changed)
        of = {minted.info.service: minted for minted in await desk.mint()}
        for minted in of.values():
            if minted.tokens:
                await desk.cancel(minted)
        await desk.aclose()
    assert of["hiveserver2"].info.error is None
    assert all("authorization: negotiate " in head.lower() for head in hive.heads)
    assert of["kms"].info.error.code == "untrusted"
    assert "does not prove that it is the service HTTP/localhost" in of["kms"].info.error.message
    assert of["kms"].info.renewer == ""


NATIVE = """
import sys
from hdfs_native import Client, WriteOptions

client = Client(sys.argv[1])
with client.create("/user/alice/token.bin", WriteOptions(overwrite=True)) as stream:
    stream.write(b"x" * 3_000_000)
with client.read("/user/alice/token.bin") as stream:
    print(len(stream.read()))
print([status.path for status in client.list_status("/user/alice")])
client.delete("/user/alice/token.bin", False)
"""


async def test_the_file_is_all_that_hdfs_native_needs(sandbox, tmp_path):
    async with logged_in(sandbox, tmp_path) as alice:
        minted = await alice.desk.mint()
        environment = {
            **os.environ,
            **NO_TICKET,
            "HADOOP_CONF_DIR": alice.profile.conf_dir,
            "HADOOP_TOKEN_FILE_LOCATION": str(save(minted, tmp_path)),
        }
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", NATIVE, alice.profile.endpoints.default_fs],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        for one in minted:
            await alice.desk.cancel(one)
    assert done.returncode == 0, done.stderr
    read, listed = done.stdout.splitlines()
    assert read == "3000000"
    assert "/user/alice/token.bin" in listed


async def of_one_application(alice: Alice, hdfs: Minted) -> Minted:
    """Like that, but renewed by the ResourceManager, as Hadoop's own clients want their tokens."""
    namenode = alice.profile.endpoints.namenodes[0].url
    async with Hadoop.open(alice.profile, auth=alice.auth) as hadoop:
        query = {"op": "GETDELEGATIONTOKEN", "renewer": "hdfs"}
        answer = await hadoop.connection.get_json(f"{namenode}/webhdfs/v1/", query)
    token = hdts.decode_url_string(answer["Token"]["urlString"])
    named = replace(token, kind="HDFS_DELEGATION_TOKEN", service=next(iter(hdfs.tokens)))
    return Minted(hdfs.info, (replace(hdfs.issued[0], token=named, tokens={"its own": named}),))


async def test_an_application_is_submitted_with_it_and_leaves_it_alone(sandbox, tmp_path):
    async with logged_in(sandbox, tmp_path) as alice:
        hdfs, yarn = minted = await alice.desk.mint()
        own = await of_one_application(alice, hdfs)
        base = f"{alice.profile.endpoints.resourcemanagers[0].url}/ws/v1/cluster/apps"
        entries = [
            {"key": alias, "value": hdts.encode_url_string(token)}
            for one in (*minted, own)
            for alias, token in one.tokens.items()
        ]
        async with Hadoop.open(alice.profile, auth=alice.auth) as hadoop:
            ask = hadoop.connection.get_json
            app = (await ask(f"{base}/new-application", method="POST"))["application-id"]
            container = {
                "commands": {"command": "sleep 300"},
                "credentials": {"tokens": {"entry": entries}},
            }
            wanted = {
                "application-id": app,
                "application-name": "tokens",
                "max-app-attempts": 1,
                "resource": {"memory": 128, "vCores": 1},
                "am-container-spec": container,
            }
            await ask(base, method="POST", body=wanted)

            async def placed() -> Any:
                found = (await ask(f"{base}/{app}"))["app"]
                assert found["state"] != "FAILED", found["diagnostics"]
                return found["state"] == "ACCEPTED" and found.get("amContainerLogs")

            await eventually(placed)
            await ask(f"{base}/{app}/state", method="PUT", body={"state": "KILLED"})

        async def is_cancelled() -> bool:
            return (await listed_with(alice.profile, own)).status_code == 403

        await eventually(is_cancelled)
        assert (await listed_with(alice.profile, hdfs)).status_code == 200
        assert (await apps_with(alice.profile, yarn)).status_code == 200


async def test_no_log_shows_a_token(sandbox, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "asyncio", "jupyter_ext"):
        caplog.set_level(logging.DEBUG, logger=name)
    async with logged_in(sandbox, tmp_path) as alice:
        owner = alice.with_profile(endpoints=without_resourcemanager(alice.profile))
        desk = alice.desk
        minted = [await owner.renew(one) for one in await owner.mint()]
        gone = [await desk.renew(one) for one in (*minted, *await desk.mint())]
        down = alice.with_profile(endpoints=elsewhere(alice.profile))
        errors = []
        for one in gone:
            with pytest.raises(Unreachable) as caught:
                await down.cancel(one)
            errors.append(f"{caught.value!r} {caught.value} {caught.value.hint}")
            await desk.cancel(one)
        await down.aclose()
        await owner.aclose()
    shown = f"{caplog.text} {errors} {minted!r} {minted} {desk!r}"
    assert "op=CANCELDELEGATIONTOKEN" in caplog.text  # the calls themselves are logged
    for one in (*minted, *gone):
        for issued in one.issued:
            url = hdts.encode_url_string(issued.token)
            assert url[:40] not in shown
            assert url[-40:] not in shown
            assert repr(issued.token.password) not in shown
            assert issued.token.password.hex() not in shown
