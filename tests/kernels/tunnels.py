"""Hubs, and agents that are no more than a tunnel, for tests."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_ext.kernels.attachment import Attachment
from jupyter_ext.kernels.certificate import Certificate
from jupyter_ext.kernels.hub import Hub
from tests.kernels.small_agent import SmallAgent

LOOPBACK = "tls://127.0.0.1:0"


@contextmanager
def running_hub(
    directory: Path, listen: Sequence[str] = (LOOPBACK,), **limits: Any
) -> Iterator[Hub]:
    """A hub; others in the same directory have the same certificate."""
    hub = Hub(directory / "hub", Certificate(directory / "certificate.pem"), listen, **limits)
    hub.start()
    try:
        yield hub
    finally:
        hub.close()


class Kernel:
    """A kernel that has a place in a hub, and what its agent needs to know."""

    def __init__(self, hub: Hub, kernel_id: str = "kernel-1", **changes: Any) -> None:
        self.secret = secrets.token_bytes(32)
        self.attachment: Attachment = hub.register(kernel_id, self.secret)
        self.bootstrap: dict[str, Any] = {
            "kernel_id": kernel_id,
            "secret": self.secret.hex(),
            "hubs": list(hub.addresses),
            "fingerprint": hub.fingerprint,
            "ca": None,
            "lease_s": 60,
            "connection": {"key": secrets.token_hex(16), "signature_scheme": "hmac-sha256"},
            **changes,
        }


@contextmanager
def running_agent(
    bootstrap: dict[str, Any], directory: Path, *command: str, **limits: Any
) -> Iterator[SmallAgent]:
    """An agent in a thread; a command is started as its kernel."""
    agent = SmallAgent(bootstrap, str(directory), list(command), **limits)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield agent
    finally:
        agent.reactor.call_threadsafe(agent.reactor.stop)
        thread.join()
        agent.tunnel.close("the test is over")
        agent.reactor.close()
