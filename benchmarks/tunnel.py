"""What the tunnel adds to a round trip, what output passes it, and what idle agents cost."""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from benchmarks.polling import child
from benchmarks.table import Row, times
from benchmarks.tunnel_hub import bootstrap_of
from jupyter_ext.kernels.certificate import Certificate
from jupyter_ext.kernels.hub import Hub

ROUNDS = 6
REQUESTS = 50
OUTPUT_MB = 64
AGENTS = 200
IDLE_S = 20.0
ADDED_LIMIT_MS = 2.0
CPU_LIMIT = 0.03
MEMORY_LIMIT_MB = 1.0
WRITE = (
    "import sys\n"
    f"for _ in range({OUTPUT_MB}):\n"
    "    sys.stdout.write('x' * 2**20)\n"
    "    sys.stdout.flush()\n"
)
ARGV = ["{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def measure() -> list[Row]:
    """Take turns with the same kernel on raw sockets, then let agents do nothing."""
    return [*asyncio.run(_trips()), *_idle()]


# -- a round trip -----------------------------------------------------------------------------


async def _trips() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        hub = Hub(
            directory / "hub",
            Certificate(directory / "certificate.pem"),
            ["tls://127.0.0.1:0", "unix://"],
        )
        hub.start()
        try:
            async with (
                _raw() as raw,
                _tunnelled(hub, directory, hub.addresses[0]) as tls,
                _tunnelled(hub, directory, hub.addresses[1]) as unix,
            ):
                return await _compare({"raw": raw, "tls": tls, "unix": unix})
        finally:
            hub.close()


async def _compare(clients: Mapping[str, AsyncKernelClient]) -> list[Row]:
    trips: dict[str, list[float]] = {name: [] for name in clients}
    rates: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for _ in range(REQUESTS):
            for name, client in clients.items():
                trips[name].append(await _timed(client, "pass"))
        for name, client in clients.items():
            rates[name].append(OUTPUT_MB / await _timed(client, WRITE))
    trip_ms = {name: 1000 * statistics.median(found) for name, found in trips.items()}
    rate = {name: statistics.median(found) for name, found in rates.items()}
    rows: list[Row] = []
    for name, title in (("tls", "a TLS tunnel"), ("unix", "a tunnel over a unix socket")):
        added = trip_ms[name] - trip_ms["raw"]
        rows += [
            Row(
                f"execute 'pass' through {title}",
                f"{trip_ms[name]:.1f} ms",
                f"raw ZMQ over TCP: {trip_ms['raw']:.1f} ms",
                times(trip_ms[name] / trip_ms["raw"]),
            ),
            Row("", f"{added:+.1f} ms", f"limit: +{ADDED_LIMIT_MS:g} ms", ""),
            Row(
                f"{OUTPUT_MB} MB of output through {title}",
                f"{rate[name]:.0f} MB/s",
                f"raw ZMQ over TCP: {rate['raw']:.0f} MB/s",
                times(rate[name] / rate["raw"]),
            ),
        ]
    return rows


async def _timed(client: AsyncKernelClient, code: str) -> float:
    """Run code until its reply is there and all its output is."""
    began = time.perf_counter()
    await client._async_execute_interactive(code, timeout=60, output_hook=lambda message: None)
    return time.perf_counter() - began


@asynccontextmanager
async def _raw() -> AsyncIterator[AsyncKernelClient]:
    manager = AsyncKernelManager()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels(hb=False)
    await client.wait_for_ready(timeout=60)
    try:
        yield client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


@asynccontextmanager
async def _tunnelled(hub: Hub, directory: Path, address: str) -> AsyncIterator[AsyncKernelClient]:
    kernel_id = secrets.token_hex(8)
    secret, key = secrets.token_bytes(32), secrets.token_hex(16)
    attachment = hub.register(kernel_id, secret)
    bootstrap = directory / f"{kernel_id}.json"
    bootstrap.touch(mode=0o600)
    bootstrap.write_text(json.dumps(bootstrap_of(kernel_id, secret, address, hub.fingerprint)))
    argv = [sys.executable, "-m", "jupyter_ext_agent", "--bootstrap", str(bootstrap)]
    agent = await asyncio.create_subprocess_exec(
        *argv, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    attachment.tell(
        {
            "type": "launch",
            "argv": [sys.executable if part == "{python}" else part for part in ARGV],
            "env": {},
            "cwd": str(directory),
            "connection": {"key": key, "signature_scheme": "hmac-sha256"},
            "interrupt_mode": "signal",
        }
    )
    client = AsyncKernelClient(**attachment.connection_info)
    client.session.key = key.encode()
    client.start_channels(hb=False)
    await client.wait_for_ready(timeout=60)
    try:
        yield client
    finally:
        client.stop_channels()
        attachment.tell({"type": "stop", "grace_s": 0})
        await agent.wait()


# -- agents that do nothing -------------------------------------------------------------------


def _idle() -> list[Row]:
    with (
        child("benchmarks.tunnel_hub", str(AGENTS)) as hub,
        child("benchmarks.tunnel_agents") as agents,
    ):
        agents.ask(json.dumps(hub.hello["bootstraps"]))
        before = hub.ask()
        time.sleep(IDLE_S)
        after = hub.ask()
    cpu = (after["cpu_s"] - before["cpu_s"]) / IDLE_S
    each_mb = (after["rss_mb"] - hub.hello["rss_mb"]) / AGENTS
    return [
        Row(
            f"a hub with {AGENTS} idle agents",
            f"{100 * cpu:.1f} % of a core",
            f"limit: {100 * CPU_LIMIT:g} %",
            times(cpu / CPU_LIMIT),
        ),
        Row(
            "memory of a hub for each of them",
            f"{each_mb:.2f} MB",
            f"limit: {MEMORY_LIMIT_MB:g} MB",
            times(each_mb / MEMORY_LIMIT_MB),
        ),
    ]
