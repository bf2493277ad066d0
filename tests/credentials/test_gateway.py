"""A gateway: a password once or with every request, over verified TLS, to nobody else."""

from __future__ import annotations

import base64
import sys

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import failures
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.directory_login import DirectoryLogin
from jupyter_ext.credentials.gateway_login import GatewayLogin
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.errors import (
    BadAnswer,
    InvalidInput,
    LoginNeeded,
    Misconfigured,
    Unreachable,
    Untrusted,
)
from jupyter_ext.hadoop.access import LoggedIn
from jupyter_ext.hadoop.doctor import examine
from tests.conftest import eventually
from tests.fakes.certificates import Authority
from tests.fakes.knox import TOKEN, knox
from tests.fakes.raw_server import always, closed_port, raw_server, reply

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
        assert identity.principal == "alice@localhost"
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


async def test_a_password_that_is_typed_again_takes_the_place_of_the_first(
    tmp_path, authority, backends, broker
):
    async with knox(authority.server(), backends) as gateway:
        write_profile(tmp_path, gateway.url, ca=authority.ca_file.read_text())
        await broker.login("ann", "edge", "alice", "alice-password")
        async with await clients(broker) as before:
            await broker.login("ann", "edge", "alice", "alice-password")
            with pytest.raises(LoginNeeded):
                await before.resourcemanager.metrics()
        async with await clients(broker) as after:
            await after.resourcemanager.metrics()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(status="404 Not Found"), "with HTTP status 404"),
        (reply(b"x" * 70_000), "with more than a token"),
        (reply(b"<html>"), "something that holds no access_token"),
        (reply(b"[]"), "something that holds no access_token"),
        (reply(b'{"access_token": "two words"}'), "an access_token that is none"),
        (reply(b'{"access_token": 1}'), "an access_token that is none"),
    ],
)
async def test_an_answer_that_is_no_token(tmp_path, authority, broker, answer, said):
    async with raw_server(always(answer), authority.server()) as server:
        url = server.url("/gateway", "https")
        write_profile(tmp_path, url, ca=authority.ca_file.read_text())
        with pytest.raises(BadAnswer) as error:
            await broker.login("ann", "edge", "alice", "alice-password")
    assert said in error.value.message
    assert "the right topology in cluster.toml?" in error.value.hint


async def test_a_gateway_of_files_alone_is_asked_for_the_home_directory(
    tmp_path, authority, broker
):
    async with raw_server(always(reply(b"{}")), authority.server()) as server:
        write_profile(tmp_path, server.url("/gateway", "https"), token=False)
        toml = tmp_path / "clusters" / "edge" / "cluster.toml"
        lines = [line for line in toml.read_text().splitlines() if "resourcemanager" not in line]
        toml.write_text("\n".join(lines))
        (toml.parent / "ca.pem").write_text(authority.ca_file.read_text())
        await broker.login("ann", "edge", "alice", "alice-password")
    assert "GET /gateway/prod/webhdfs/v1/?op=GETHOMEDIRECTORY HTTP/1.1" in server.requests[0]


async def test_a_name_that_no_header_can_hold(tmp_path, broker):
    write_profile(tmp_path, "https://localhost:1/gateway")
    with pytest.raises(InvalidInput, match="colon"):
        await broker.login("ann", "edge", "alice:admin", "alice-password")


def program(tmp_path, answer: str) -> None:
    """Name a credential program in the profile, which counts its calls."""
    script = tmp_path / "credential-program"
    script.write_text(
        "import json, sys, time\njson.load(sys.stdin)\n"
        f"open({str(tmp_path / 'calls')!r}, 'a').write('.')\nprint(json.dumps({answer}))\n"
    )
    toml = tmp_path / "clusters" / "edge" / "cluster.toml"
    line = f'type = "gateway"\nprogram = ["{sys.executable}", "{script}"]'
    toml.write_text(toml.read_text().replace('type = "gateway"', line))


@pytest.mark.parametrize(
    "answer",
    [
        f'{{"user": "alice", "token": "{TOKEN}", "expires_at": time.time() + 3}}',
        '{"user": "alice", "password": "alice-password"}',
    ],
)
async def test_a_program_gives_what_the_gateway_takes(
    tmp_path, authority, backends, broker, answer
):
    async with knox(authority.server(), backends) as gateway:
        gateway.life_s = 3.0
        write_profile(tmp_path, gateway.url, ca=authority.ca_file.read_text())
        program(tmp_path, answer)
        assert (await broker.identity("ann", "edge")).interactive is False
        async with await clients(broker) as hadoop:  # nobody typed anything
            assert (await hadoop.resourcemanager.metrics()).nodes.active == 1
            identity = await broker.identity("ann", "edge")
            assert (identity.principal, identity.method) == ("alice@localhost", "program")

            async def renewed():
                return (await broker.identity("ann", "edge")).expires_at > identity.expires_at

            await eventually(renewed)
            await hadoop.resourcemanager.metrics()
    assert len((tmp_path / "calls").read_text()) >= 2


async def test_tickets_of_a_program_are_of_no_use_to_a_gateway(tmp_path, broker, realm):
    await realm.login("alice@PROD.EXAMPLE.COM", "alice-password")
    write_profile(tmp_path, "https://localhost:1/gateway")
    data = base64.b64encode(realm.tickets.read_bytes()).decode()
    program(tmp_path, f'{{"ccache": "{data}"}}')
    identity, auth = await broker.auth("ann", broker._profiles.get("edge"))
    assert auth is None
    assert identity.reason.code == "misconfigured"
    assert "gave nothing that a gateway takes" in identity.reason.message


async def test_a_token_of_a_program_never_goes_out_in_clear(tmp_path, broker):
    write_profile(tmp_path, "http://localhost:1/gateway")
    program(tmp_path, f'{{"user": "alice", "token": "{TOKEN}"}}')
    identity, _ = await broker.auth("ann", broker._profiles.get("edge"))
    assert "in clear text" in identity.reason.message


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
