"""Logins when there is no room for them, and when their server is killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.server_process import server_process

ALICE = "alice@PROD.EXAMPLE.COM"


@pytest.fixture
def layer(tmp_path, kdc) -> Path:
    """Profiles: ``prod`` is in the tests' realm."""
    kdc.write_profile(tmp_path / "clusters", "prod")
    return tmp_path / "clusters"


FULL = """
    import asyncio, os, resource, sys
    from pathlib import Path
    from jupyter_ext.clusters.profiles import ProfileStore
    from jupyter_ext.credentials.broker import Broker
    from jupyter_ext.credentials.logins import prover
    from jupyter_ext.credentials.runtime import RuntimeDirectory
    from jupyter_ext.errors import Unavailable
    from tests.loop_watch import aside, watch_child

    def until_full(step):
        for number in range(10_000):
            try:
                step(number)
            except OSError:
                return
        raise AssertionError("it never got full")

    @aside()
    def fill(root):
        if not os.path.ismount(root):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with open(root / "ballast", "wb", buffering=0) as ballast:
            until_full(lambda _: ballast.write(bytes(4096)))
        until_full(lambda number: (root / str(number)).touch())

    async def of_all(service_tickets):
        # The first of them go where the file has its last block; people are services too.
        for name in ("HTTP/localhost", "alice", "bob", "strict"):
            await service_tickets.get(f"{name}@PROD.EXAMPLE.COM")

    async def main(root, layer):
        watch_child()
        runtime = RuntimeDirectory(root / "jupyter-ext")
        broker = Broker(ProfileStore([("user", layer)]), runtime, prover=prover)
        await broker.login("ann", "prod", "alice", "alice-password")
        service_tickets = broker.session("ann", "prod").auth.tickets
        await service_tickets.get("carol@PROD.EXAMPLE.COM")
        fill(root)
        for user, act in (
            ("ann", of_all(service_tickets)),
            ("ann", broker.login("ann", "prod", "bob", "bob-password")),
            ("ann", broker.renew("ann", "prod")),
            ("ben", broker.login("ben", "prod", "bob", "bob-password")),
        ):
            try:
                await act
            except Unavailable as error:
                identity = await broker.identity(user, "prod")
                print(error.code, error.cluster, error.message, "|", identity.principal)
        await service_tickets.get("carol@PROD.EXAMPLE.COM")  # is held
        tickets = service_tickets.path
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
    assert len(said) == 6, done.stderr
    for line in said[:4]:
        assert line.startswith("unavailable prod There is no room left in"), done.stdout
    assert [line.rpartition("| ")[2] for line in said[:4]] == [ALICE, ALICE, ALICE, ""]
    assert said[4:] == ["False none", "False"]


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
