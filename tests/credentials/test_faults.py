"""What happens to logins when something around them breaks."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import broker as brokers
from jupyter_ext.credentials import failures, token_keeper
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.directory import CredentialDirectory
from jupyter_ext.credentials.headless import HeadlessLogins
from jupyter_ext.credentials.injection import Injection
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.credentials.service_tickets import ServiceTickets
from jupyter_ext.errors import NotFound
from jupyter_ext.hadoop.access import open_desk
from tests.conftest import eventually
from tests.fakes.raw_server import black_hole
from tests.server_process import server_process

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


async def test_a_login_succeeds_while_the_namenode_is_down_and_gets_its_token_later(
    make_broker, sandbox, layer, monkeypatch
):
    """The real cluster, whose NameNode is reached through a relay that starts late."""
    monkeypatch.setattr(token_keeper, "FIRST_PAUSE_S", 0.2)
    shutil.copytree(sandbox.profile_dir("prod"), layer / "late")
    real = port_of(sandbox.namenode("prod"))
    gone = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = gone.sockets[0].getsockname()[1]
    gone.close()
    for path in (layer / "late" / "conf").glob("*.xml"):
        path.write_text(path.read_text().replace(f"localhost:{real}", f"localhost:{port}"))
    broker = make_broker()

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

    async def relay(reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", real)

        async def pump(source, sink):
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", port):

        async def healed():
            return (await tokens())["hdfs"].error is None

        await eventually(healed)
        assert (await tokens())["hdfs"].expires_at > time.time()
        await broker.logout("ann")


async def test_a_logout_does_not_wait_for_a_service_that_is_silent(
    make_broker, sandbox, layer, monkeypatch
):
    shutil.copytree(sandbox.profile_dir("prod"), layer / "silent")
    real = port_of(sandbox.namenode("prod"))
    broker = make_broker()
    async with black_hole() as hole:
        for path in (layer / "silent" / "conf").glob("*.xml"):
            path.write_text(path.read_text().replace(f"localhost:{real}", f"localhost:{hole.port}"))
        await broker.login("ann", "silent", "alice", "alice-password")
        tickets = broker.session("ann", "silent").prover.tickets
        async with asyncio.timeout(9):  # less than one read of the HTTP client's
            await broker.logout("ann")
    assert not tickets.exists()


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

    def slow(self, *arguments):
        begun.set()
        go_on.wait(10)
        write(self, *arguments)

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


FULL = """
    import asyncio, os, resource, sys
    from pathlib import Path
    from jupyter_ext.clusters.profiles import ProfileStore
    from jupyter_ext.credentials.broker import Broker
    from jupyter_ext.credentials.logins import prover
    from jupyter_ext.credentials.runtime import RuntimeDirectory
    from jupyter_ext.errors import Unavailable

    def until_full(step):
        for number in range(10_000):
            try:
                step(number)
            except OSError:
                return
        raise AssertionError("it never got full")

    def fill(root):
        if not os.path.ismount(root):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with open(root / "ballast", "wb", buffering=0) as ballast:
            until_full(lambda _: ballast.write(bytes(4096)))
        until_full(lambda number: (root / str(number)).touch())

    async def main(root, layer):
        runtime = RuntimeDirectory(root / "jupyter-ext")
        broker = Broker(ProfileStore([("user", layer)]), runtime, prover=prover)
        await broker.login("ann", "prod", "alice", "alice-password")
        fill(root)
        for user, act in (
            ("ann", broker.login("ann", "prod", "bob", "bob-password")),
            ("ann", broker.renew("ann", "prod")),
            ("ben", broker.login("ben", "prod", "bob", "bob-password")),
        ):
            try:
                await act
            except Unavailable as error:
                identity = await broker.identity(user, "prod")
                print(error.code, error.cluster, error.message, "|", identity.principal)
        tickets = broker.session("ann", "prod").prover.tickets
        await broker.logout("ann")
        print(tickets.exists(), (await broker.identity("ann", "prod")).state)
        await broker.close()
        runtime.close()
        print(runtime.path.exists())

    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""
MOUNT = 'mount -t tmpfs -o size=64k,nr_inodes=32 none "$1"'


@pytest.mark.parametrize("mounted", [True, False])
def test_a_full_file_system_refuses_logins_and_lets_everybody_out(tmp_path, layer, mounted):
    """With a real one where mounting is allowed, else by the limit of a process on file sizes."""
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    root = tmp_path / "full"
    root.mkdir()
    allowed = subprocess.run([*inside, MOUNT, "sh", root], capture_output=True, check=False)
    if mounted and not allowed.returncode:
        inside = [*inside, f'{MOUNT} && shift && exec "$@"', "sh", str(root)]
    else:
        inside = []
    done = subprocess.run(
        [*inside, sys.executable, "-c", textwrap.dedent(FULL), str(root), str(layer)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = done.stdout.splitlines()
    assert len(said) == 5, done.stderr
    for line in said[:3]:
        assert line.startswith("unavailable prod There is no room left in"), done.stdout
    assert [line.rpartition("| ")[2] for line in said[:3]] == [ALICE, ALICE, ""]
    assert said[3:] == ["False none", "False"]


async def test_the_next_server_sweeps_what_a_killed_one_left(tmp_path, layer):
    root = tmp_path / "server"
    root.mkdir()
    environment = {"JUPYTER_CONFIG_DIR": str(layer.parent)}
    async with server_process(root, environment) as killed:
        async with killed.client() as client:
            body = {"user": "alice", "password": "alice-password"}
            reply = await client.post("jupyter-ext/credentials/prod/login", json=body)
            assert reply.json()["state"] == "valid"
        left = killed.secrets
        tickets = [path.read_bytes() for path in left.rglob("krb5cc")]
        assert tickets
        assert all(tickets)
        killed.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(killed.process.wait)
        assert list(left.rglob("krb5cc"))
    async with server_process(root, environment) as following:
        assert not left.exists()
        async with following.client() as client:
            reply = await client.get("jupyter-ext/credentials/prod")
            assert reply.json()["state"] == "none"
        own = following.secrets
        assert own.exists()
    assert not own.exists()
