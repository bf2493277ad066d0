"""Serve busy clusters with a profile each until stdin ends: ``... NUMBER APPS DIRECTORY``."""

from __future__ import annotations

import asyncio
import sys
from itertools import cycle
from pathlib import Path

from tests.fakes.busy import busy_clusters

COLORS = ("blue", "green", "orange", "red", "cyan", "grey")


async def main(number: int, apps: int, directory: Path) -> None:
    """Serve ``number`` clusters; every seventh has lost a node, every ninth is in safe mode."""
    names = [f"cluster-{n:02}" for n in range(1, number + 1)]
    async with busy_clusters(*names, apps=apps) as clusters:
        for index, (cluster, color) in enumerate(zip(clusters, cycle(COLORS), strict=False), 1):
            if index % 7 == 0:
                cluster.nodes["worker2"] = "LOST"
            if index % 9 == 0:
                cluster.safe_mode = "Safe mode is ON. It was turned on manually."
            profile = cluster.write_profile(directory)
            toml = profile / "cluster.toml"
            toml.write_text(f'title = "Cluster {index}"\ncolor = "{color}"\n{toml.read_text()}')
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
