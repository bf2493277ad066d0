"""A real kernel through hub and tunnel, as jupyter_client sees it; and the hub's own sockets."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_ext.errors import Conflict, InvalidInput, Unavailable, Unreachable
from jupyter_ext.kernels.attachment import AgentFailed, Attachment
from tests.conftest import eventually
from tests.fakes.cable import Cable
from tests.kernels.tunnels import LOOPBACK, Kernel, running_agent, running_hub

IPYKERNEL = (sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}")


def client_of(kernel: Kernel) -> AsyncKernelClient:
    client = AsyncKernelClient(**kernel.attachment.connection_info)
    client.session.key = kernel.bootstrap["connection"]["key"].encode()
    client.start_channels(hb=False)
    return client


@asynccontextmanager
async def running_kernel(kernel: Kernel, directory: Path, **limits):
    """An ipykernel with an agent, and a client that is ready."""
    with running_agent(kernel.bootstrap, directory, *IPYKERNEL, **limits) as agent:
        client = client_of(kernel)
        try:
            await client.wait_for_ready(timeout=60)
            yield agent, client
        finally:
            client.stop_channels()


async def printed(client: AsyncKernelClient, code: str) -> str:
    """Run code and give what it printed, whole."""
    texts: list[str] = []

    def hook(message) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    reply = await client._async_execute_interactive(code, timeout=60, output_hook=hook)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(texts)


async def test_a_kernel_works_over_a_cable_that_breaks(tmp_path):
    with running_hub(tmp_path) as hub, Cable(int(hub.addresses[0].rpartition(":")[2])) as cable:
        kernel = Kernel(hub, hubs=[f"tls://127.0.0.1:{cable.port}"])
        async with running_kernel(kernel, tmp_path) as (_, client):
            printing = asyncio.create_task(
                printed(
                    client,
                    "import time\nfor i in range(400): print(i, 'x' * 5000); time.sleep(0.002)",
                )
            )
            while not printing.done():
                cable.cut_after = cable.carried + 100_000
                await asyncio.wait([printing], timeout=0.2)
            lines = (await printing).splitlines()
            assert [int(line.split()[0]) for line in lines] == list(range(400))
            assert cable.connections > 3
            assert await printed(client, "print(6 * 7)") == "42\n"


async def test_an_interrupt_passes_200_mb_that_nobody_reads(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        async with running_kernel(kernel, tmp_path) as (agent, client):
            # Somebody subscribes to the output, and reads none of it.
            writer = await slow_subscriber(kernel.attachment)
            await printed(client, "import sys\ntotal = 0")
            client.execute(
                "for i in range(200):\n"
                "    total += sys.stdout.write('x' * 2**20)\n"
                "    sys.stdout.flush()\n"
                "import time\n"
                "while True: time.sleep(0.01)"
            )
            link = agent.tunnel.link
            await eventually(
                lambda: any(
                    stream.rank == 2 and stream.credit < 2**20
                    for stream in list(link._streams.values())
                )
            )
            # Were it behind the output, it would never arrive.
            kernel.attachment.tell({"type": "signal", "signum": signal.SIGINT})
            while (await client.get_shell_msg(timeout=60))["content"]["status"] != "error":
                pass
            waiting = sum(
                len(chunk)
                for each in kernel.attachment.tether._clients.values()
                for chunk in each._unsent
            )
            assert waiting <= 17 * 2**20
            writer.close()


async def slow_subscriber(attachment: Attachment) -> asyncio.StreamWriter:
    """Speak just enough ZMTP 3.0 (RFC 23) to subscribe to everything, and then read nothing."""
    path = f"{attachment.connection_info['ip']}-{attachment.connection_info['iopub_port']}"
    reader, writer = await asyncio.open_unix_connection(path, limit=100)
    writer.write(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL" + bytes(16) + bytes(32))
    await reader.readexactly(64)
    writer.write(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB")
    await reader.readuntil(b"PUB")
    writer.write(b"\0\x01\x01")
    return writer


async def test_clients_may_come_before_the_agent(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        client = client_of(kernel)
        client.kernel_info()
        with running_agent(kernel.bootstrap, tmp_path, *IPYKERNEL):
            await client.wait_for_ready(timeout=60)
        client.stop_channels()


async def test_clients_find_the_kernel_after_its_process_was_replaced(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        async with running_kernel(kernel, tmp_path) as (agent, client):
            before = await printed(client, "import os; print(os.getpid())")
            agent.reactor.call_threadsafe(agent.replace)
            await eventually(lambda: str(agent.child.pid) not in before)
            await client.wait_for_ready(timeout=60)
            assert await printed(client, "import os; print(os.getpid())") != before


def test_sockets_are_private_and_their_paths_are_short(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "nowhere"))
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with running_hub(deep, [LOOPBACK, "unix://"]) as hub:
        kernel = Kernel(hub)
        info = kernel.attachment.connection_info
        ports = [info[f"{name}_port"] for name in ("shell", "iopub", "stdin", "control", "hb")]
        assert ports == [1, 2, 3, 4, 5]
        for port in ports:
            path = Path(f"{info['ip']}-{port}")
            assert len(os.fsencode(path)) < 108
            assert path.is_socket()
            assert path.stat().st_mode & 0o077 == 0
            assert path.parent.stat().st_mode & 0o077 == 0
        # An agent's path may be as long as it likes.
        assert len(hub.addresses[1]) > 120
        with running_agent(kernel.bootstrap | {"hubs": hub.addresses[1:]}, tmp_path):
            asyncio.run(kernel.attachment.attached())
    assert not Path(info["ip"]).parent.exists()


def test_nothing_is_left_of_a_hub(tmp_path):
    with running_hub(tmp_path, [LOOPBACK, "unix://"]) as hub:
        Kernel(hub)
        socket_path = Path(hub.addresses[1].removeprefix("unix://"))
        assert socket_path.is_socket()
    assert not socket_path.exists()
    assert [path for path in (tmp_path / "hub").rglob("*") if path.is_socket()] == []


def test_the_path_of_a_hub_that_is_gone_is_taken_over(tmp_path):
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(left))
    with running_hub(tmp_path, [f"unix://{left}"]) as hub:
        assert hub.addresses == [f"unix://{left}"]
        with pytest.raises(Unavailable, match="somebody listens there"):
            hub.listen(f"unix://{left}")


def test_a_port_that_is_taken_is_named(tmp_path):
    with running_hub(tmp_path) as hub:
        with pytest.raises(Unavailable, match=r"cannot listen on tls://127.0.0.1:\d+"):
            hub.listen(hub.addresses[0])
        for address in ("http://localhost", "tls://localhost", "tls://localhost:x"):
            with pytest.raises(InvalidInput, match="listen"):
                hub.listen(address)


def test_hubs_of_one_user_have_one_certificate(tmp_path):
    with running_hub(tmp_path) as first, running_hub(tmp_path) as second:
        assert first.fingerprint == second.fingerprint
    path = tmp_path / "certificate.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("no certificate")
    with pytest.raises(Unavailable, match="cannot be read or made"), running_hub(tmp_path):
        pass


async def test_a_kernel_has_one_place(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        with pytest.raises(Conflict):
            Kernel(hub)
        waiting = asyncio.create_task(kernel.attachment.attached())
        await asyncio.sleep(0)
        kernel.attachment.close()
        with pytest.raises(Unreachable, match="shut down"):
            await waiting
        await eventually(lambda: not hub._attachments)
        Kernel(hub)


async def test_what_an_agent_cannot_do_is_said_in_its_words(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        with running_agent(kernel.bootstrap, tmp_path):
            with pytest.raises(AgentFailed, match="no such file"):
                await kernel.attachment.request({"type": "echo", "error": "no such file"})


async def test_everything_ends_with_the_hub(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        reader, writer = await asyncio.open_unix_connection(
            f"{kernel.attachment.connection_info['ip']}-1"
        )
        requested = asyncio.create_task(kernel.attachment.request({"type": "echo"}))
        await eventually(lambda: kernel.attachment._answers and kernel.attachment.tether._clients)
        await asyncio.to_thread(hub.close)
        with pytest.raises(Unreachable):
            await requested
        assert await reader.read() == b""
        writer.close()
    for _ in range(2):
        kernel.attachment.tell({"type": "echo"})
        kernel.attachment.close()
        with pytest.raises(Unreachable):
            await kernel.attachment.request({"type": "echo"})
        with pytest.raises(Unavailable, match="does not run"):
            hub.register("kernel-2", bytes(32))


async def test_listeners_are_called_in_their_own_loop_until_they_have_enough(tmp_path):
    here: list[str] = []
    in_hub: list[str] = []
    loop = asyncio.get_running_loop()

    def listen(message) -> None:
        assert asyncio.get_running_loop() is loop
        here.append(message["type"])

    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        enough = kernel.attachment.subscribe(listen)
        await asyncio.to_thread(
            kernel.attachment.subscribe, lambda message: in_hub.append(message["type"])
        )
        with running_agent(kernel.bootstrap, tmp_path) as agent:
            await eventually(lambda: here == ["attached", "agent"])
            enough()
            await kernel.attachment.request({"type": "echo"})
            agent.reactor.call_threadsafe(agent.tunnel.tell, {"type": "kernel"})
            await eventually(lambda: in_hub == ["attached", "agent", "kernel"])
            assert here == ["attached", "agent"]


def test_a_kernel_for_whose_sockets_there_are_no_descriptors_is_refused(tmp_path):
    with running_hub(tmp_path) as hub:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        with ExitStack() as stack:
            # Fill the holes, so that there are no more than three left.
            highest = max(map(int, os.listdir("/proc/self/fd")))
            while (last := stack.enter_context(open(os.devnull)).fileno()) < highest:
                pass
            stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
            resource.setrlimit(resource.RLIMIT_NOFILE, (last + 4, before[1]))
            with pytest.raises(Unavailable, match="Too many open files"):
                Kernel(hub)
            assert max(map(int, os.listdir("/proc/self/fd"))) <= last + 1
        Kernel(hub)
