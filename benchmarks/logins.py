"""Logins in a process that measures its own event loop; run as a program by ``credentials``.

Its argument is a layer of profiles. Each line on standard input names a cluster, how many Jupyter
users log in to it at once, and with which password; it is answered with how long that took, how
many got in, and how the loop fared meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.loop import Monitor, say
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.limit import LoginLimit
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory


async def main(layer: Path) -> None:
    """Answer until standard input ends."""
    monitor = Monitor()
    monitor.watch_callbacks()
    beating = asyncio.create_task(monitor.beat())
    with tempfile.TemporaryDirectory(dir=_in_memory()) as root:
        runtime = RuntimeDirectory(Path(root) / "secrets")
        profiles = ProfileStore([("user", layer)])
        broker = Broker(profiles, runtime, prover=prover, limit=LoginLimit(10**6))
        say({})
        while line := await asyncio.to_thread(sys.stdin.readline):
            cluster, number, password = line.split()
            say(await _log_in(broker, monitor, cluster, int(number), password))
        await broker.close()
        runtime.close()
    beating.cancel()


async def _log_in(
    broker: Broker, monitor: Monitor, cluster: str, number: int, password: str
) -> dict[str, Any]:
    # As the server extension does once it has started: see JupyterExtApp.
    gc.collect()
    gc.freeze()
    monitor.take()
    start = time.perf_counter()
    found = await asyncio.gather(
        *(broker.login(f"user{i}", cluster, "alice", password) for i in range(number)),
        return_exceptions=True,
    )
    seconds = time.perf_counter() - start
    failed = [one for one in found if isinstance(one, BaseException)]
    loop = monitor.take()
    await asyncio.gather(*(broker.logout(f"user{i}") for i in range(number)))
    return {
        "seconds": seconds,
        "succeeded": number - len(failed),
        "codes": sorted({str(getattr(error, "code", repr(error))) for error in failed}),
        **loop,
    }


def _in_memory() -> Path | None:
    """Where tickets are kept on most machines."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
