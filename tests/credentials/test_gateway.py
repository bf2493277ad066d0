"""A gateway: a password once or with every request, over verified TLS, to nobody else."""

from __future__ import annotations

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import failures
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.errors import LoginNeeded, Misconfigured, Unreachable, Untrusted
from jupyter_ext.hadoop.access import LoggedIn
from tests.conftest import eventually
from tests.fakes.certificates import Authority
from tests.fakes.knox import TOKEN, knox
from tests.fakes.raw_server import closed_port

CORE_SITE = "<configuration/>"


@pytest.fixture
def authority(tmp_path):
    (tmp_path / "tls").mkdir()
    return Authority(tmp_path / "tls")


@pytest.fixture
def backends(sandbox):
    return {
        "resourcemanager": f"{sandbox.resourcemanager('dev')}/ws",
        "webhdfs": f"{sandbox.namenode('dev')}/webhdfs",
    }


@pytest.fixture
def broker(tmp_path, jp_asyncio_loop):
    runtime = RuntimeDirectory(tmp_path / "runtime")
    store = ProfileStore([("user", tmp_path / "clusters")])
    made = Broker(store, runtime, prover=prover)
    yield made
    jp_asyncio_loop.run_until_complete(made.close())
    runtime.close()


def write_profile(tmp_path, url: str, *, token: bool = True, ca: str | None = None) -> None:
    directory = tmp_path / "clusters" / "edge"
    (directory / "conf").mkdir(parents=True, exist_ok=True)
    (directory / "conf" / "core-site.xml").write_text(CORE_SITE)
    lines = [
        '[auth]\ntype = "gateway"\n[gateway]',
        f'resourcemanager = "{url}/prod/resourcemanager"',
        f'namenode = "{url}/prod"',
    ]
    if token:
        lines.append(f'token = "{url}/tokens/knoxtoken/api/v1/token"')
    (directory / "cluster.toml").write_text("\n".join(lines))
    if ca is not None:
        (directory / "ca.pem").write_text(ca)


async def clients(broker):
    access = LoggedIn(broker, "ann")
    return await access.open(broker._profiles.get("edge"))


async def test_a_password_is_exchanged_for_a_token_and_not_used_again(
    tmp_path, authority, backends, broker
):
    async with knox(authority.server(), backends) as gateway:
        write_profile(tmp_path, gateway.url, ca=authority.ca_file.read_text())
        identity = await broker.login("ann", "edge", "alice", "alice-password")
        assert (identity.user, identity.state) == ("alice", "valid")
        assert identity.realm == "localhost"
        assert 3500 < identity.expires_at - identity.since <= 3600

        async with await clients(broker) as hadoop:
            assert (await hadoop.resourcemanager.metrics()).nodes.active == 1
            assert await hadoop.resourcemanager.apps(user="alice") is not None
            assert [f.path async for f in hadoop.webhdfs.list("/user")]
            assert TOKEN not in repr(hadoop.connection.__dict__)
        paths = [path for path, scheme in gateway.seen if scheme == "Basic"]
        assert paths == ["/gateway/tokens/knoxtoken/api/v1/token"]
        assert {scheme for _, scheme in gateway.seen} == {"Basic", "Bearer"}

        async with await clients(broker) as hadoop:
            await hadoop.resourcemanager.metrics()
            await broker.logout("ann")
            with pytest.raises(LoginNeeded):
                await hadoop.resourcemanager.metrics()


async def test_without_a_token_service_each_request_has_the_password(
    tmp_path, authority, backends, broker
):
    async with knox(authority.server(), backends) as gateway:
        write_profile(tmp_path, gateway.url, token=False, ca=authority.ca_file.read_text())
        identity = await broker.login("ann", "edge", "alice", "alice-password")
        assert identity.expires_at is None
        async with await clients(broker) as hadoop:
            assert (await hadoop.resourcemanager.metrics()).nodes.active == 1
        assert {scheme for _, scheme in gateway.seen} == {"Basic"}
        assert "alice-password" not in repr(broker.session("ann", "edge").auth)


async def test_a_wrong_password(tmp_path, authority, backends, broker):
    async with knox(authority.server(), backends) as gateway:
        for token in (True, False):
            write_profile(tmp_path, gateway.url, token=token, ca=authority.ca_file.read_text())
            with pytest.raises(failures.WrongPassword, match="does not accept this user name"):
                await broker.login("ann", "edge", "alice", "wrong")
    assert (await broker.identity("ann", "edge")).state == "none"


async def test_nothing_is_sent_to_who_is_not_the_gateway(tmp_path, authority, backends, broker):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    for context in (other.server(), authority.server("elsewhere.example")):
        async with knox(context, backends) as gateway:
            write_profile(tmp_path, gateway.url, ca=authority.ca_file.read_text())
            with pytest.raises(Untrusted, match="nothing was sent to it"):
                await broker.login("ann", "edge", "alice", "alice-password")
            assert gateway.seen == []


async def test_a_password_never_goes_out_in_clear(tmp_path, broker):
    write_profile(tmp_path, "http://localhost:1/gateway")
    with pytest.raises(Misconfigured, match="in clear text"):
        await broker.login("ann", "edge", "alice", "alice-password")


async def test_a_gateway_that_is_down(tmp_path, authority, broker):
    write_profile(
        tmp_path, f"https://localhost:{closed_port()}/gateway", ca=authority.ca_file.read_text()
    )
    with pytest.raises(Unreachable, match="does not answer"):
        await broker.login("ann", "edge", "alice", "alice-password")


async def test_a_token_that_ends_ends_the_login(tmp_path, authority, backends, broker):
    async with knox(authority.server(), backends) as gateway:
        gateway.life_s = 1.0
        write_profile(tmp_path, gateway.url, ca=authority.ca_file.read_text())
        await broker.login("ann", "edge", "alice", "alice-password")

        async def ended():
            return (await broker.identity("ann", "edge")).state == "expired"

        await eventually(ended)
        with pytest.raises(failures.SessionEnded):
            await broker._sessions["ann", "edge"].prover.renew()
