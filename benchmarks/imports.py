"""What the extension adds to the start of a Jupyter server and of a kernel."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.table import Row, times

RUNS = 5

_SCRIPT = """
import sys, time
start = time.perf_counter()
for name in sys.argv[1].split():
    __import__(name)
middle = time.perf_counter()
for name in sys.argv[2].split():
    __import__(name)
print(middle - start, time.perf_counter() - middle)
"""


def measure() -> list[Row]:
    """Import the peer, then the extension on top of it, each time in a fresh interpreter."""
    return [
        _row("import of the server extension", "jupyter_server.serverapp", "jupyter_ext.app"),
        _row(
            "import for %load_ext jupyter_ext in a kernel",
            "ipykernel.ipkernel",
            "jupyter_ext.clusters.magics",
        ),
    ]


def _row(what: str, peer: str, ours: str) -> Row:
    runs = [_import(peer, ours) for _ in range(RUNS)]
    peer_s, ours_s = (min(column) for column in zip(*runs, strict=True))
    return Row(
        what,
        f"{1000 * ours_s:.0f} ms",
        f"{peer}: {1000 * peer_s:.0f} ms",
        times(ours_s / peer_s),
    )


def _import(peer: str, ours: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, peer, ours], check=True, capture_output=True, text=True
    )
    first, second = done.stdout.split()
    return float(first), float(second)
