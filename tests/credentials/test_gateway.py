"""A gateway: a password once or with every request, over verified TLS, to nobody else."""

from __future__ import annotations

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import failures
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.directory_login import DirectoryLogin
from jupyter_ext.credentials.gateway_login import GatewayLogin
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.errors import LoginNeeded, Misconfigured, Unreachable, Untrusted
from jupyter_ext.hadoop.access import LoggedIn
from jupyter_ext.hadoop.doctor import examine
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


async def test_the_doctor_asks_for_what_a_gateway_passes_on(tmp_path, authority, backends, broker):
    async with knox(authority.server(), backends) as gateway:
        write_profile(tmp_path, gateway.url, ca=authority.ca_file.read_text())
        access, profile = LoggedIn(broker, "ann"), broker._profiles.get("edge")
        before = await examine(profile, access=access)
        await broker.login("ann", "edge", "alice", "alice-password")
        after = await examine(profile, access=access)
    verdicts = [
        {(check.name, check.target): check for check in report.checks} for report in (before, after)
    ]
    base = f"{gateway.url}/prod"
    for found in verdicts:
        assert found["auth", base].message == "The gateway wants a login (basic)."
        assert found["auth", base].verdict == "ok"
    assert [found["namenode", "HDFS"].verdict for found in verdicts] == ["skipped", "ok"]
    assert "your directory is /user/alice" in verdicts[1]["namenode", "HDFS"].message
    assert after.healthy
    assert not [path for path, _ in gateway.seen if "jmx" in path]


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


@pytest.mark.parametrize("kind", [GatewayLogin, DirectoryLogin])
async def test_neither_its_end_nor_a_password_can_be_changed_from_here(tmp_path, broker, kind):
    write_profile(tmp_path, "https://knox.example.com/gateway")
    login = kind(broker._profiles.get("edge"))
    with pytest.raises(failures.SessionEnded, match="login to edge cannot be renewed") as ended:
        await login.renew()
    assert (ended.value.cluster, ended.value.hint) == ("edge", "Log in again.")
    with pytest.raises(Misconfigured, match="cannot be changed from here") as refused:
        await login.change_password("alice", "alice-password", "another-one")
    assert "where you usually do" in refused.value.hint


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
