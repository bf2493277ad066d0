"""What it costs to log in, and to say with every request who asks."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.polling import Child, child
from benchmarks.table import Row, times
from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import hdts
from jupyter_ext.credentials.broker import AT_ONCE, Broker
from jupyter_ext.credentials.hdts import DelegationToken
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.hadoop.access import Access, LoggedIn, Nobody
from jupyter_ext.hadoop.clients import Hadoop
from tests.hadoop_sandbox import RunningSandbox
from tests.kdc import RunningKdc, running_kdc

ROUNDS = 30
MANY = 100
WAITING = 16
"""Logins to a KDC that does not answer."""
STALL_LIMIT_MS = 50
TOKENS = 8


def measure() -> list[Row]:
    """Log in to a realm of its own, and ask the sandbox's clusters."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kdc = stack.enter_context(running_kdc(root / "kdc"))
        kdc.write_profile(root / "clusters", "prod")
        hole = stack.enter_context(black_hole())
        silent = kdc.write_profile(root / "clusters", "silent")
        text = (silent / "krb5.conf").read_text().replace(kdc.address, hole)
        (silent / "krb5.conf").write_text(text)
        sandbox = stack.enter_context(running_sandbox(root / "sandbox"))
        rows = asyncio.run(_logins(root, kdc))
        rows += _crowds(root, kdc)
        rows += asyncio.run(_requests(root, sandbox))
    return [*rows, *_codec()]


@contextmanager
def black_hole() -> Iterator[str]:
    """Run a KDC that accepts connections and says nothing; gives its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        address = server.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(address)
            yield f"127.0.0.1:{address[1]}"


@contextmanager
def running_sandbox(root: Path) -> Iterator[RunningSandbox]:
    """Run one until the end of the block, or use the one that JUPYTER_EXT_TEST_SANDBOX names."""
    kept = os.environ.get("JUPYTER_EXT_TEST_SANDBOX")
    sandbox = RunningSandbox.below(Path(kept) if kept else root)
    sandbox.run("up")
    try:
        yield sandbox
    finally:
        if not kept:
            sandbox.run("down")


@contextmanager
def broker_in(root: Path, layers: list[tuple[str, Path]]) -> Iterator[Broker]:
    """Make a broker without limit, audit and tokens."""
    with tempfile.TemporaryDirectory(dir=root) as place:
        runtime = RuntimeDirectory(Path(place) / "secrets")
        yield Broker(ProfileStore(layers), runtime, prover=prover, limit=LoginLimit(10**6))
        runtime.close()


# -- logins -----------------------------------------------------------------------------------


async def _logins(root: Path, kdc: RunningKdc) -> list[Row]:
    with broker_in(root, [("user", root / "clusters")]) as broker:
        ours, bare = [], []
        for _ in range(ROUNDS):
            login = broker.login("ann", "prod", "alice", "alice-password")
            ours.append(await _seconds(lambda login=login: login))
            bare.append(await _seconds(lambda: _kinit(root / "bare", kdc)))
            await broker.logout("ann")
        await broker.close()
    return [
        Row(
            "login with a password",
            _ms(statistics.median(ours)),
            f"bare kinit: {_ms(statistics.median(bare))}",
            times(statistics.median(ours) / statistics.median(bare)),
        )
    ]


async def _kinit(tickets: Path, kdc: RunningKdc) -> None:
    process = await asyncio.create_subprocess_exec(
        *("kinit", "alice"),
        env=kdc.client(tickets),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    await process.communicate(b"alice-password\n")
    if process.returncode:
        raise RuntimeError("kinit failed")


async def _kinits(root: Path, kdc: RunningKdc) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with turn:
            await _kinit(root / f"bare-{number}", kdc)

    await asyncio.gather(*(one(number) for number in range(MANY)))


def _crowds(root: Path, kdc: RunningKdc) -> list[Row]:
    """Many logins at once, and some to a KDC that is silent, in a process of their own."""
    with (
        child("benchmarks.logins", str(root / "clusters")) as logins,
        child("benchmarks.loop") as idle,
    ):
        _ask(logins, "prod", 1)  # loads what a first login loads
        idle.ask()
        many = _ask(logins, "prod", MANY)
        idle_many = idle.ask()
        bare = asyncio.run(_seconds(lambda: _kinits(root, kdc)))
        idle.ask()
        silent = _ask(logins, "silent", WAITING)
        idle_silent = idle.ask()
    if many["succeeded"] != MANY or silent["codes"] != ["kdc_unreachable"]:
        raise RuntimeError(f"{many} {silent}")
    rows = [
        Row(
            f"{MANY} logins at once, {AT_ONCE} of them at the KDC",
            f"{many['seconds']:.2f} s",
            f"as many bare kinits, {AT_ONCE} at a time: {bare:.2f} s",
            times(many["seconds"] / bare),
        )
    ]
    for what, loop, beside in (
        (f"{MANY} logins at once", many, idle_many),
        (f"{WAITING} logins to a silent KDC", silent, idle_silent),
    ):
        rows += [
            Row(
                f"longest callback on the event loop: {what}",
                f"{loop['callback_ms']:.1f} ms",
                f"limit: {STALL_LIMIT_MS} ms",
                times(loop["callback_ms"] / STALL_LIMIT_MS),
            ),
            Row(
                f"longest wait of a timer: {what}",
                f"{loop['late_ms']:.1f} ms",
                f"limit: {STALL_LIMIT_MS} ms; an idle process: {beside['late_ms']:.1f} ms",
                times(loop["late_ms"] / STALL_LIMIT_MS),
            ),
        ]
    return rows


def _ask(logins: Child, cluster: str, number: int) -> dict:
    return logins.ask(f"{cluster} {number} alice-password")


# -- requests ---------------------------------------------------------------------------------


async def _requests(root: Path, sandbox: RunningSandbox) -> list[Row]:
    """The same question to the two NameNodes, each time with new clients and then again."""
    profiles = ProfileStore(sandbox.layers)
    found: dict[str, list[float]] = {}
    with broker_in(root, sandbox.layers) as broker:
        for _ in range(ROUNDS):
            await broker.login("ann", "prod", "alice", "alice-password")
            prod = LoggedIn(broker, "ann")
            await _first_and_next(found, "dev", Nobody(), profiles.get("dev"))
            await _first_and_next(found, "prod", prod, profiles.get("prod"))
            # A login again forgets cookies, and a renewal service tickets.
            await broker.logout("ann")
        await broker.close()
    median = {name: statistics.median(seconds) for name, seconds in found.items()}
    return [
        Row(
            f"{name} request to a NameNode with Kerberos",
            _ms(median[f"prod {name}"]),
            f"the same to one without: {_ms(median[f'dev {name}'])}",
            times(median[f"prod {name}"] / median[f"dev {name}"]),
        )
        for name in ("first", "next")
    ]


async def _first_and_next(
    found: dict[str, list[float]], name: str, access: Access, profile: Profile
) -> None:
    async with await access.open(profile) as hadoop:
        for which in ("first", "next"):
            seconds = await _seconds(lambda hadoop=hadoop: _ask_home(hadoop))
            found.setdefault(f"{name} {which}", []).append(seconds)


async def _ask_home(hadoop: Hadoop) -> None:
    url = hadoop.connection.profile.endpoints.namenodes[0].url
    await hadoop.connection.get_json(f"{url}/webhdfs/v1/", {"op": "GETHOMEDIRECTORY"})


# -- token files ------------------------------------------------------------------------------


def _codec() -> list[Row]:
    """Hadoop's token file, against JSON of the same."""
    tokens = {
        f"10.0.0.{number}:8020": DelegationToken(
            identifier=os.urandom(80),
            password=os.urandom(20),
            kind="HDFS_DELEGATION_TOKEN",
            service=f"10.0.0.{number}:8020",
        )
        for number in range(TOKENS)
    }
    data = hdts.write_file_bytes(tokens)
    text = _as_json(tokens)
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "writing": (lambda: hdts.write_file_bytes(tokens), lambda: _as_json(tokens)),
        "reading": (lambda: hdts.read_file_bytes(data), lambda: _from_json(text)),
    }
    rows = []
    for name, (ours, peer) in pairs.items():
        measured, against = _best_us(ours), _best_us(peer)
        rows.append(
            Row(
                f"{name} a file of {TOKENS} tokens",
                f"{measured:.0f} us",
                f"JSON of the same: {against:.0f} us",
                times(measured / against),
            )
        )
    return rows


def _as_json(tokens: dict[str, DelegationToken]) -> str:
    return json.dumps(
        {
            alias: [
                base64.b64encode(token.identifier).decode(),
                base64.b64encode(token.password).decode(),
                token.kind,
                token.service,
            ]
            for alias, token in tokens.items()
        }
    )


def _from_json(text: str) -> dict[str, DelegationToken]:
    return {
        alias: DelegationToken(base64.b64decode(one), base64.b64decode(two), kind, service)
        for alias, (one, two, kind, service) in json.loads(text).items()
    }


# -- helpers ----------------------------------------------------------------------------------


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


def _best_us(work: Callable[[], object], runs: int = 300) -> float:
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return 1e6 * best


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
