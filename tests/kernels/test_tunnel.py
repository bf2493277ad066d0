"""The tunnel between a real hub and the agent's end: transports, cuts, and whom it keeps out."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import socket
import ssl

import pytest
from jupyter_ext_agent.dial import DialError, dial
from jupyter_ext_agent.handshake import AgentHandshake, Refused
from tornado.httpserver import HTTPServer
from tornado.web import Application

from jupyter_ext.errors import Unreachable
from jupyter_ext.kernels.tunnel_handlers import TunnelHandler
from tests.conftest import eventually
from tests.fakes.cable import Cable
from tests.fakes.certificates import Authority
from tests.kernels.tunnels import LOOPBACK, Kernel, running_agent, running_hub

ECHO = {"channel": "terminal"}


async def echo(attachment, size: int, seed: int = 1) -> None:
    """Send bytes through a stream whose other end sends them back."""
    sent = random.Random(seed).randbytes(size)
    reader, writer = await asyncio.open_unix_connection(await attachment.open(ECHO))

    async def write() -> None:
        for start in range(0, size, 10_000):
            writer.write(sent[start : start + 10_000])
            await writer.drain()

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        got = await reader.readexactly(size)
    assert hashlib.sha256(got).digest() == hashlib.sha256(sent).digest()
    writer.close()


def port_of(hub) -> int:
    return int(hub.addresses[0].rpartition(":")[2])


# -- transports -------------------------------------------------------------------------------


@pytest.mark.parametrize("listen", [LOOPBACK, "unix://"])
async def test_a_tunnel_carries_messages_and_bytes(tmp_path, listen):
    with running_hub(tmp_path, [listen]) as hub:
        kernel = Kernel(hub)
        with running_agent(kernel.bootstrap, tmp_path):
            await kernel.attachment.attached()
            assert (await kernel.attachment.request({"type": "echo"}))["type"] == "done"
            await echo(kernel.attachment, 5_000_000)
            state = kernel.attachment.state
            assert state.attached
            assert state.agent["pid"] == os.getpid()


class Website:
    """A server with TLS that has the tunnel's handler, and nothing else."""

    def __init__(self, hub, authority: Authority) -> None:
        self.ca = authority.ca_file.read_text()
        self._server = HTTPServer(
            Application([("/base/jupyter-ext/kernels/tunnel", TunnelHandler, {"hub": hub})]),
            ssl_options=authority.server(),
        )
        self._server.listen(0, "127.0.0.1")
        self.port = next(iter(self._server._sockets.values())).getsockname()[1]

    def __enter__(self) -> Website:
        return self

    def __exit__(self, *_) -> None:
        self._server.stop()

    def bootstrap(self, kernel: Kernel, port: int | None = None) -> dict:
        address = f"wss://localhost:{port or self.port}/base/jupyter-ext/kernels/tunnel"
        return kernel.bootstrap | {"hubs": [address], "ca": self.ca}


async def test_a_tunnel_goes_through_the_servers_own_url(tmp_path):
    with running_hub(tmp_path, []) as hub, Website(hub, Authority(tmp_path)) as site:
        kernel = Kernel(hub)
        with running_agent(site.bootstrap(kernel), tmp_path):
            await kernel.attachment.attached()
            await echo(kernel.attachment, 3_000_000)
            assert (await kernel.attachment.request({"type": "echo"}))["type"] == "done"


async def test_a_websocket_is_resumed(tmp_path):
    with running_hub(tmp_path, []) as hub, Website(hub, Authority(tmp_path)) as site:
        kernel = Kernel(hub)
        with (
            Cable(site.port) as cable,
            running_agent(site.bootstrap(kernel, cable.port), tmp_path),
        ):
            await kernel.attachment.attached()
            await cut_often(cable, 10, kernel.attachment)


async def test_a_websocket_of_another_server_is_not_trusted(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    with running_hub(tmp_path, []) as hub, Website(hub, Authority(tmp_path)) as site:
        kernel = Kernel(hub)
        bootstrap = site.bootstrap(kernel) | {"ca": Authority(other).ca_file.read_text()}
        with pytest.raises(DialError, match="certificate verify failed"):
            await dialled(bootstrap)


async def test_a_page_that_is_no_websocket_is_named(tmp_path):
    with running_hub(tmp_path, []) as hub, Website(hub, Authority(tmp_path)) as site:
        kernel = Kernel(hub)
        bootstrap = site.bootstrap(kernel)
        bootstrap["hubs"] = [bootstrap["hubs"][0] + "/elsewhere"]
        with pytest.raises(DialError, match="answered 404"):
            await dialled(bootstrap)


async def test_a_websocket_goes_through_the_environments_proxy(tmp_path, monkeypatch):
    asked: list[str] = []

    async def proxy(reader, writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head)
        place = head.split()[1]
        far_reader, far_writer = await asyncio.open_connection(*place.split(":"))
        writer.write(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")

        async def pump(source, sink) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    with running_hub(tmp_path, []) as hub, Website(hub, Authority(tmp_path)) as site:
        kernel = Kernel(hub)
        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://somebody:pass%20word@127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "example.org, .example.com")
        with running_agent(site.bootstrap(kernel), tmp_path):
            await kernel.attachment.attached()
            await echo(kernel.attachment, 100_000)
        assert asked[0].startswith(f"CONNECT localhost:{site.port} HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic c29tZWJvZHk6cGFzcyB3b3Jk" in asked[0]
        monkeypatch.setenv("no_proxy", "example.org,localhost")
        (await dialled(site.bootstrap(kernel), instance="run-1", expect=Refused))
        assert len(asked) == 1
        server.close()


async def dialled(bootstrap, instance: str = "run-1", expect: type | None = None):
    """Dial once, as the agent's thread does."""
    dialling = asyncio.to_thread(dial, bootstrap["hubs"][0], bootstrap, instance, "", 0)
    if expect is None:
        return await dialling
    with pytest.raises(expect):
        await dialling
    return None


async def cut_often(cable: Cable, times: int, attachment) -> None:
    """Cut a cable at random while three streams are at work on it."""
    rng = random.Random(times)
    cuts = 0

    async def work(seed: int) -> None:
        while cuts < times:
            await echo(attachment, 300_000, seed)

    async with asyncio.TaskGroup() as group:
        for seed in range(3):
            group.create_task(work(seed))
        while cuts < times:
            cable.cut_after = cable.carried + rng.randrange(150_000)
            await eventually(lambda: cable.cut_after is None)
            cuts += 1
    assert cable.connections > 0.9 * times


# -- broken connections -----------------------------------------------------------------------


async def test_not_a_byte_is_lost_over_100_random_cuts(tmp_path, monkeypatch):
    monkeypatch.setattr("jupyter_ext_agent.tunnel._FIRST_PAUSE_S", 0.01)
    with running_hub(tmp_path) as hub, Cable(port_of(hub)) as cable:
        kernel = Kernel(hub, hubs=[f"tls://127.0.0.1:{cable.port}"])
        with running_agent(kernel.bootstrap, tmp_path):
            await kernel.attachment.attached()
            await cut_often(cable, 100, kernel.attachment)
            assert kernel.attachment.state.attached


async def test_an_agent_that_is_away_is_missed_and_goes_on(tmp_path):
    events: list[dict] = []
    with running_hub(tmp_path, silence_s=0.5) as hub, Cable(port_of(hub)) as cable:
        kernel = Kernel(hub, hubs=[f"tls://127.0.0.1:{cable.port}"])
        kernel.attachment.subscribe(events.append)
        with running_agent(kernel.bootstrap, tmp_path, ping_s=0.1, silence_s=0.5):
            await kernel.attachment.attached()
            reader, writer = await asyncio.open_unix_connection(await kernel.attachment.open(ECHO))
            writer.write(b"before")
            assert await reader.readexactly(6) == b"before"
            cable.pull()
            writer.write(b"during")
            await eventually(lambda: {"type": "lost"} in events)
            assert not kernel.attachment.state.attached
            with pytest.raises(Unreachable, match="did not answer"):
                await kernel.attachment.request({"type": "echo"}, timeout_s=0.1)
            cable.plug()
            assert await reader.readexactly(6) == b"during"
            assert {"type": "attached", "resumed": True} in events
            assert kernel.attachment.state.attached
            writer.close()


async def test_a_short_break_is_no_event(tmp_path):
    events: list[dict] = []
    with running_hub(tmp_path) as hub, Cable(port_of(hub)) as cable:
        kernel = Kernel(hub, hubs=[f"tls://127.0.0.1:{cable.port}"])
        with running_agent(kernel.bootstrap, tmp_path):
            await kernel.attachment.attached()
            await kernel.attachment.request({"type": "echo"})
            kernel.attachment.subscribe(events.append)
            cable.cut()
            await eventually(lambda: cable.connections == 2)
            await kernel.attachment.request({"type": "echo"})
            assert [event["type"] for event in events] in ([], ["disconnected"])


async def test_a_hub_that_starts_anew_gets_the_agent_and_none_of_the_old_streams(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        address = hub.addresses[0]
        agent = running_agent(kernel.bootstrap, tmp_path)
        running = agent.__enter__()
        await kernel.attachment.attached()
        reader, writer = await asyncio.open_unix_connection(await kernel.attachment.open(ECHO))
        writer.write(b"x")
        await reader.readexactly(1)
        instance = kernel.attachment.state.instance
    assert await reader.read() == b""
    try:
        with running_hub(tmp_path, [address]) as hub:
            attachment = hub.register("kernel-1", kernel.secret, instance)
            events: list[dict] = []
            attachment.subscribe(events.append)
            await attachment.attached()
            await echo(attachment, 10_000)
            assert {"type": "attached", "resumed": False} in events
            assert attachment.state.agent is not None
            assert len(running.tunnel._streams) <= 1
    finally:
        agent.__exit__(None, None, None)


async def test_an_agent_tries_one_hub_after_the_other(tmp_path):
    with running_hub(tmp_path) as hub, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        nobody = f"tls://127.0.0.1:{deaf.getsockname()[1]}"
        kernel = Kernel(hub, hubs=["unix:///nowhere/at/all", nobody, *hub.addresses])
        with running_agent(kernel.bootstrap, tmp_path):
            await kernel.attachment.attached()


async def test_an_agent_that_is_cut_off_begins_with_the_hub_that_was_there(tmp_path, monkeypatch):
    monkeypatch.setattr("jupyter_ext_agent.handshake.TIME_LIMIT_S", 0.3)
    with (
        running_hub(tmp_path) as hub,
        Cable(port_of(hub)) as cable,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        silent.setblocking(False)
        nobody = f"tls://127.0.0.1:{silent.getsockname()[1]}"
        kernel = Kernel(hub, hubs=[nobody, f"tls://127.0.0.1:{cable.port}"])
        with running_agent(kernel.bootstrap, tmp_path):
            await kernel.attachment.attached()
            for connections in (2, 3):
                cable.cut()
                await eventually(lambda wanted=connections: cable.connections == wanted)
                await kernel.attachment.request({"type": "echo"})
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


async def test_the_last_words_arrive(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        with running_agent(kernel.bootstrap, tmp_path):
            await kernel.attachment.attached()
            kernel.attachment.tell({"type": "stop"})
            await eventually(lambda: kernel.attachment.state.ended == "stopped")


# -- who is kept out --------------------------------------------------------------------------


async def test_a_second_agent_is_sent_away(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        with running_agent(kernel.bootstrap, tmp_path) as first:
            await kernel.attachment.attached()
            with running_agent(kernel.bootstrap, tmp_path) as second:
                assert await eventually(lambda: second.refused) == "another agent has this kernel"
            assert not first.refused
            await kernel.attachment.request({"type": "echo"})


async def test_a_hub_that_knows_another_secret_is_none(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        bootstrap = kernel.bootstrap | {"secret": bytes(32).hex()}
        with pytest.raises(DialError, match="does not know this kernel"):
            await dialled(bootstrap)
        assert not kernel.attachment.state.attached


async def test_a_hub_with_another_certificate_hears_nothing(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        with pytest.raises(DialError, match="the certificate is not the hub's"):
            await dialled(kernel.bootstrap | {"fingerprint": "ab" * 32})


async def connect(hub):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return await asyncio.open_connection("127.0.0.1", port_of(hub), ssl=context)


async def test_a_recorded_hello_gets_nobody_in(tmp_path):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        agent = AgentHandshake(kernel.secret, "kernel-1", "run-1", "", 0, hub.fingerprint)
        reader, writer = await connect(hub)
        writer.write(agent.hello())
        proof = agent.answer(await reader.readline())
        writer.write(proof)
        assert b"session" in await reader.readline()
        writer.close()
        again, writer = await connect(hub)
        writer.write(agent.hello())
        await again.readline()
        writer.write(proof)
        assert await again.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\n\r\n", b"x" * 5000, b"{}\n", b"[" * 4000 + b"\n", bytes(100) + b"\n"],
)
@pytest.mark.parametrize("is_tls", [True, False])
async def test_garbage_on_the_port_is_hung_up_on(tmp_path, said, is_tls):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        if is_tls:
            reader, writer = await connect(hub)
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(hub))
        writer.write(said)
        if not is_tls:
            writer.write_eof()
        with_alert = await reader.read()
        assert len(with_alert) < 100
        writer.close()
        with running_agent(kernel.bootstrap, tmp_path):
            await kernel.attachment.attached()


async def test_an_agent_that_breaks_the_rules_starts_anew(tmp_path, caplog):
    with running_hub(tmp_path) as hub:
        kernel = Kernel(hub)
        agent = AgentHandshake(kernel.secret, "kernel-1", "run-1", "", 0, hub.fingerprint)
        reader, writer = await connect(hub)
        writer.write(agent.hello())
        writer.write(agent.answer(await reader.readline()))
        welcome = json.loads(await reader.readline())
        writer.write(b"\xff" * 100)
        assert await reader.read() == b""
        writer.close()
        assert "makes no sense" in caplog.text
        again = AgentHandshake(
            kernel.secret, "kernel-1", "run-1", welcome["session"], 0, hub.fingerprint
        )
        reader, writer = await connect(hub)
        writer.write(again.hello())
        writer.write(again.answer(await reader.readline()))
        assert json.loads(await reader.readline())["resume"] is False
        writer.close()


async def test_a_flood_of_connections_keeps_no_agent_out(tmp_path):
    with running_hub(tmp_path, half_open_limit=8, time_limit_s=30) as hub:
        kernel = Kernel(hub)
        flood = [await asyncio.open_connection("127.0.0.1", port_of(hub)) for _ in range(50)]
        with running_agent(kernel.bootstrap, tmp_path):
            await asyncio.wait_for(kernel.attachment.attached(), 10)
            # All but the newest were hung up on.
            for reader, _ in flood[:40]:
                assert await asyncio.wait_for(reader.read(), 10) == b""
            assert len(hub._half_open) <= 8
            await kernel.attachment.request({"type": "echo"})
        for _, writer in flood:
            writer.close()


async def test_who_says_nothing_is_hung_up_on(tmp_path):
    with running_hub(tmp_path, time_limit_s=0.2) as hub:
        before, _ = await asyncio.open_connection("127.0.0.1", port_of(hub))
        after, writer = await connect(hub)
        writer.write(b'{"v": 1')
        assert await asyncio.wait_for(before.read(), 5) == b""
        assert await asyncio.wait_for(after.read(), 5) == b""
        await eventually(lambda: not hub._half_open)
