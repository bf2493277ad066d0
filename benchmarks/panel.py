"""First paint of the panel with twenty clusters, in a headless Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.polling import CLUSTERS, ROOT, busy_server
from benchmarks.table import Row, times

RUNS = 5
DRIVER = ROOT / "tests" / "ui" / "node_modules" / "playwright-core"


def measure() -> list[Row]:
    """Open JupyterLab some times, and its panels; the first time nothing was asked yet."""
    what = f"panel with {CLUSTERS} clusters"
    if not DRIVER.exists() or shutil.which("node") is None:
        return [Row(what, "not measured", "needs the browser tests' packages: make test-browser")]
    with busy_server() as (_, server):
        url = (
            f"http://localhost:{server.hello['port']}/lab/workspaces/bench"
            f"?reset&token={server.hello['token']}"
        )
        done = subprocess.run(
            ["node", Path(__file__).with_name("panel.js"), url, str(CLUSTERS), str(RUNS)],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    lab, peer, ours = (min(run[name] for run in runs) for name in ("lab", "peer", "ours"))
    return [
        Row(
            f"{what}: from opening it to all cards painted",
            f"{ours:.0f} ms",
            f"JupyterLab's own panel of running sessions: {peer:.0f} ms",
            times(ours / peer),
        ),
        Row(
            f"{what}: to all cards with data, nothing asked before",
            f"{runs[0]['data']:.0f} ms",
            f"JupyterLab's own start: {lab:.0f} ms",
            times(runs[0]["data"] / lab),
        ),
    ]
