"""Agents of kernels that do nothing, all in one process; run as a program by ``tunnel``.

Prints a line, takes the bootstraps as a line of JSON, and answers it when all are connected.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from jupyter_ext_agent.reactor import Reactor
from jupyter_ext_agent.tunnel import Tunnel

from benchmarks.loop import say

STATS_S = 5.0
STATS = {
    "type": "stats",
    "cpu_percent": 0.1,
    "memory_mb": 80,
    "memory_limit_mb": 2048,
    "gpus": [],
}


class Agents:
    """As many as there are bootstraps; each says every 5 s how its kernel is, as real ones do."""

    def __init__(self, bootstraps: list[dict[str, Any]]) -> None:
        self.reactor = Reactor()
        self.waiting = len(bootstraps)
        self.tunnels = [
            Tunnel(self.reactor, bootstrap, os.urandom(16).hex(), self) for bootstrap in bootstraps
        ]

    def run(self) -> None:
        """Connect, and go on until standard input ends."""
        for number, tunnel in enumerate(self.tunnels):
            self.reactor.call_later(number * STATS_S / len(self.tunnels), tunnel.start)
        self.reactor.watch(sys.stdin, self.asked)
        self.reactor.run()

    def asked(self) -> None:
        """End with standard input."""
        if not sys.stdin.readline():
            self.reactor.stop()

    def tunnel_connected(self, resumed: bool) -> None:
        """Begin to say how the kernel is, when all are there."""
        self.waiting -= 1
        if not self.waiting:
            for number, tunnel in enumerate(self.tunnels):
                pause_s = number * STATS_S / len(self.tunnels)
                self.reactor.call_later(pause_s, self.tell, tunnel)
            say({})

    def tell(self, tunnel: Tunnel) -> None:
        """Say it, again and again."""
        tunnel.tell(STATS)
        self.reactor.call_later(STATS_S, self.tell, tunnel)


if __name__ == "__main__":
    say({})
    Agents(json.loads(sys.stdin.readline())).run()
