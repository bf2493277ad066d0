"""A hub that measures itself; run as a program by ``tunnel``.

Prints ``{"rss_mb", "bootstraps"}`` before there is an agent, then answers as ``loop`` does.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.loop import Monitor, say
from jupyter_ext.kernels.certificate import Certificate
from jupyter_ext.kernels.hub import Hub


def bootstrap_of(kernel_id: str, secret: bytes, address: str, fingerprint: str) -> dict[str, Any]:
    return {
        "kernel_id": kernel_id,
        "secret": secret.hex(),
        "hubs": [address],
        "fingerprint": fingerprint,
        "ca": None,
        "lease_s": 600,
    }


async def main(count: int) -> None:
    """Serve so many kernels until standard input ends."""
    with tempfile.TemporaryDirectory() as name:
        certificate = Certificate(Path(name) / "certificate.pem")
        hub = Hub(Path(name) / "hub", certificate, ["tls://127.0.0.1:0"])
        hub.start()
        monitor, end = Monitor(), asyncio.Event()
        empty_mb = monitor.take()["rss_mb"]
        bootstraps = []
        for number in range(count):
            secret = secrets.token_bytes(32)
            hub.register(f"kernel-{number}", secret)
            bootstraps.append(
                bootstrap_of(f"kernel-{number}", secret, hub.addresses[0], hub.fingerprint)
            )
        monitor.answer(end.set)
        say({"rss_mb": empty_mb, "bootstraps": bootstraps})
        await end.wait()
        hub.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
