"""What happens to logins when something around them breaks."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import broker as brokers
from jupyter_ext.credentials import failures, session, token_keeper
from jupyter_ext.credentials.audit import AuditLog
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.directory import CredentialDirectory
from jupyter_ext.credentials.headless import HeadlessLogins
from jupyter_ext.credentials.injection import Injection
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import NotFound
from jupyter_ext.hadoop.access import LoggedIn, open_desk
from tests.conftest import eventually
from tests.fakes.raw_server import closed_port
from tests.fakes.relay import relay
from tests.fakes.spnego import spnego_daemon

REALM = "PROD.EXAMPLE.COM"
ALICE = f"alice@{REALM}"


@pytest.fixture
def layer(tmp_path, kdc) -> Path:
    """Profiles: ``prod`` is in the tests' realm."""
    kdc.write_profile(tmp_path / "clusters", "prod")
    return tmp_path / "clusters"


@pytest.fixture
def runtime(tmp_path) -> Iterator[RuntimeDirectory]:
    directory = RuntimeDirectory(tmp_path / "runtime")
    yield directory
    directory.close()


@pytest.fixture
def profiles(layer) -> ProfileStore:
    return ProfileStore([("user", layer)])


@pytest.fixture
def make_broker(profiles, runtime, jp_asyncio_loop) -> Iterator[Callable[..., Broker]]:
    made = []

    def make(store=profiles, **changes):
        values = {"prover": prover, "limit": LoginLimit(1000), "open_desk": open_desk}
        made.append(Broker(store, runtime, **values | changes))
        return made[-1]

    yield make
    for broker in made:
        jp_asyncio_loop.run_until_complete(broker.close())


# -- services that are down -------------------------------------------------------------------


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def outcomes(audit: AuditLog, service: str) -> list[tuple[str, str]]:
    """What was written down of a service's tokens."""
    await audit.close()
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    return [(line["action"], line["outcome"]) for line in lines if line["service"] == service]


async def test_a_login_succeeds_while_the_namenode_is_down_and_gets_its_token_later(
    make_broker, sandbox, layer, tmp_path, monkeypatch
):
    """The real cluster, whose NameNode is reached through a relay that starts late."""
    monkeypatch.setattr(token_keeper, "FIRST_PAUSE_S", 0.2)
    shutil.copytree(sandbox.profile_dir("prod"), layer / "late")
    real = port_of(sandbox.namenode("prod"))
    port = closed_port()
    for path in (layer / "late" / "conf").glob("*.xml"):
        path.write_text(path.read_text().replace(f"localhost:{real}", f"localhost:{port}"))
    audit = AuditLog(tmp_path / "audit.log")
    broker = make_broker(audit=audit)

    async def tokens():
        identity = await broker.identity("ann", "late")
        return {token.service: token for token in identity.tokens}

    identity = await broker.login("ann", "late", "alice", "alice-password")
    assert identity.state == "valid"
    found = await eventually(tokens)
    assert found["hdfs"].error.code == "unreachable"
    assert f"localhost:{port}" in found["hdfs"].error.message
    assert found["hdfs"].expires_at is None
    assert found["resourcemanager"].error is None
    assert (await broker.identity("ann", "late")).state == "valid"

    async with relay(real, port):

        async def healed():
            return (await tokens())["hdfs"].error is None

        await eventually(healed)
        assert (await tokens())["hdfs"].expires_at > time.time()
        await broker.logout("ann")
    found = await outcomes(audit, "hdfs")
    assert found[0] == ("mint", "unreachable")
    assert found[-2:] == [("mint", "ok"), ("cancel", "ok")]


async def test_a_logout_does_not_wait_for_a_service_that_is_silent(
    make_broker, sandbox, layer, tmp_path, monkeypatch
):
    monkeypatch.setattr(session, "CANCEL_S", 0.5)
    shutil.copytree(sandbox.profile_dir("prod"), layer / "silent")
    real = port_of(sandbox.namenode("prod"))
    audit = AuditLog(tmp_path / "audit.log")
    broker = make_broker(audit=audit)
    async with relay(real) as between:
        port = between.port
        for path in (layer / "silent" / "conf").glob("*.xml"):
            path.write_text(path.read_text().replace(f"localhost:{real}", f"localhost:{port}"))
        await broker.login("ann", "silent", "alice", "alice-password")
        login = broker.session("ann", "silent")
        await eventually(login.tokens.minted.is_set)
        between.silent = True
        async with asyncio.timeout(9):  # less than one read of the HTTP client's
            await broker.logout("ann")
    assert not login.prover.tickets.exists()
    assert await outcomes(audit, "hdfs") == [("mint", "ok"), ("cancel", "unreachable")]


# -- time -------------------------------------------------------------------------------------


async def test_a_renewal_between_a_service_ticket_and_its_use_is_not_noticed(realm):
    await realm.login(ALICE, "alice-password")
    tickets = ServiceTickets(realm.profile, realm.tickets, realm.tickets.parent / "krb5.conf")
    loop = asyncio.get_running_loop()
    used = []

    def use():
        used.append(realm.tickets.stat().st_ino)
        if len(used) == 1:
            asyncio.run_coroutine_threadsafe(realm.renew(), loop).result(10)
            raise failures.SessionEnded("The ticket is not there.")
        return "answer"

    assert await tickets.use(f"HTTP/localhost@{REALM}", use) == "answer"
    assert len(set(used)) == 2


async def test_what_fails_with_the_same_tickets_fails(realm):
    await realm.login(ALICE, "alice-password")
    tickets = ServiceTickets(realm.profile, realm.tickets, realm.tickets.parent / "krb5.conf")

    def use():
        raise failures.SessionEnded("No.")

    with pytest.raises(failures.SessionEnded, match="No"):
        await tickets.use(f"HTTP/localhost@{REALM}", use)


# -- passwords and profiles that change -------------------------------------------------------


async def test_a_password_changed_meanwhile_ends_nothing_until_the_next_login(make_broker, kdc):
    broker = make_broker(open_desk=None)
    await broker.login("ann", "prod", "alice", "alice-password")
    kdc.kadmin("cpw -pw other-password alice")
    try:
        assert (await broker.renew("ann", "prod")).state == "valid"
        with pytest.raises(failures.WrongPassword):
            await broker.login("ann", "prod", "alice", "alice-password")
        assert (await broker.identity("ann", "prod")).state == "valid"
        assert (await broker.login("ann", "prod", "alice", "other-password")).state == "valid"
    finally:
        kdc.kadmin("cpw -pw alice-password alice")


async def test_who_is_logged_in_to_a_cluster_that_is_removed_is_logged_out(
    make_broker, profiles, runtime, layer, monkeypatch
):
    monkeypatch.setattr(brokers, "WATCH_S", 0.1)
    broker = make_broker(open_desk=None)
    injection = Injection(broker, profiles, runtime.kernels)
    seen = []
    broker.subscribe(lambda user, identity: seen.append((user, identity.cluster, identity.state)))
    await broker.login("ann", "prod", "alice", "alice-password")
    tickets = broker.session("ann", "prod").prover.tickets
    kernel = runtime.kernels("ann") / "prod"
    await eventually(kernel.exists)

    shutil.rmtree(layer / "prod")
    await eventually(lambda: not tickets.exists() and not kernel.exists())
    assert broker.sessions("ann") == []
    assert seen[-1] == ("ann", "prod", "none")
    with pytest.raises(NotFound):
        await broker.logout("ann", "prod")
    await injection.close()


async def test_a_cluster_that_was_just_removed_can_be_logged_out_of(make_broker, layer):
    broker = make_broker(open_desk=None)
    await broker.login("ann", "prod", "alice", "alice-password")
    shutil.rmtree(layer / "prod")
    await broker.logout("ann", "prod")
    assert broker.sessions("ann") == []


async def test_a_login_without_a_server_outlives_its_profile(profiles, layer, private_runtime, kdc):
    kdc.write_profile(layer, "other")
    logins = HeadlessLogins(profiles)
    for name in ("prod", "other"):
        await logins.login(name, "alice", "alice-password")
    shutil.rmtree(layer / "prod")
    # Another login writes everything again.
    await logins.login("other", "bob", "bob-password")
    assert (logins.path / "prod" / "krb5cc").exists()
    assert await logins.logout("prod") == ["prod"]
    assert not (logins.path / "prod").exists()
    assert await logins.logout() == ["other"]


async def test_tickets_that_become_somebody_else_s_are_used_as_such(
    make_broker, profiles, layer, kdc, realm
):
    """As when PAM replaces them: requests before are alice's, those after are bob's."""
    toml = f'[auth]\nccache = "FILE:{realm.tickets}"\n'
    kdc.write_profile(layer, "pam", toml)
    broker, profile = make_broker(open_desk=None), profiles.get("pam")
    access = LoggedIn(broker, "ann")
    async with spnego_daemon(kdc.keytab) as daemon:
        for name in ("alice", "bob"):
            await realm.login(f"{name}@{REALM}", f"{name}-password")
            await broker.renew("ann", "pam")
            async with await access.open(profile) as hadoop:
                await hadoop.connection.get_json(daemon.url)
            assert broker.session("ann", "pam").identity.user == name
        assert daemon.seen == [f"alice@{REALM}", f"bob@{REALM}"]


# -- many at once -----------------------------------------------------------------------------


async def test_a_hundred_logins_at_once(make_broker):
    """Each is another Jupyter user; the KDC never has more than it can hold."""
    running = most = 0

    def counted(profile, directory):
        made = prover(profile, directory)
        login = made.login

        async def count(user, password):
            nonlocal running, most
            running += 1
            most = max(most, running)
            try:
                return await login(user, password)
            finally:
                running -= 1

        made.login = count
        return made

    broker = make_broker(open_desk=None, prover=counted)
    identities = await asyncio.gather(
        *(broker.login(f"user{i}", "prod", "alice", "alice-password") for i in range(100))
    )
    assert {identity.state for identity in identities} == {"valid"}
    assert most == brokers.AT_ONCE


# -- the end ----------------------------------------------------------------------------------


async def test_nothing_is_written_for_kernels_after_the_end(
    make_broker, profiles, runtime, monkeypatch
):
    begun, go_on = threading.Event(), threading.Event()
    write = CredentialDirectory.write

    def slow(self, *arguments, **named):
        begun.set()
        go_on.wait(10)
        write(self, *arguments, **named)

    monkeypatch.setattr(CredentialDirectory, "write", slow)
    broker = make_broker(open_desk=None)
    injection = Injection(broker, profiles, runtime.kernels)
    await broker.login("ann", "prod", "alice", "alice-password")
    await eventually(begun.is_set)
    closing = asyncio.create_task(injection.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go_on.set()
    await closing
    runtime.close()
    assert not runtime.path.exists()
