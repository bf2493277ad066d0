"""Reading profiles, against just parsing their XML."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.table import Row, times
from jupyter_ext.clusters.profiles import ProfileStore

PROFILES = 50
KEYS = 60
"""Properties per file beyond the addresses, as in the configuration of a real cluster."""
RUNS = 7
LIMIT_MS = 50


def measure() -> list[Row]:
    """Read 50 high-availability profiles: cold, then again with nothing changed."""
    root = Path(tempfile.mkdtemp())
    try:
        for number in range(PROFILES):
            write_profile(root / f"cluster-{number:02}", number)
        files = sorted(root.glob("*/conf/*.xml"))
        store = ProfileStore([("user", root)])
        profiles = store.list()
        broken = [problem for profile in profiles for problem in profile.problems]
        if len(profiles) != PROFILES or broken:
            raise AssertionError(f"{len(profiles)} profiles with {broken[:3]}")
        cold_s = best(lambda: ProfileStore([("user", root)]).list())
        warm_s = best(store.list)
        parse_s = best(lambda: [ElementTree.parse(file) for file in files])
    finally:
        shutil.rmtree(root)
    peer = f"ElementTree on the same {len(files)} files: {1000 * parse_s:.0f} ms"
    limit = f"limit: {LIMIT_MS} ms"
    return [
        Row(
            f"reading {PROFILES} profiles", f"{1000 * cold_s:.0f} ms", peer, times(cold_s / parse_s)
        ),
        Row("", "", limit, times(1000 * cold_s / LIMIT_MS)),
        Row(
            f"listing {PROFILES} unchanged profiles",
            f"{1000 * warm_s:.1f} ms",
            peer,
            times(warm_s / parse_s),
        ),
    ]


def best(work: Callable[[], object]) -> float:
    """Shortest of some runs, in seconds."""
    found = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def write_profile(directory: Path, number: int) -> None:
    """A cluster with two ResourceManagers and two NameNodes."""
    service = f"ns{number}"
    sites = {
        "core": {"fs.defaultFS": f"hdfs://{service}"},
        "hdfs": {
            "dfs.nameservices": service,
            f"dfs.ha.namenodes.{service}": "nn1,nn2",
            **{
                f"dfs.namenode.{kind}-address.{service}.nn{n}": f"nn{n}.c{number}.example:{port}"
                for kind, port in (("rpc", 8020), ("http", 9870))
                for n in (1, 2)
            },
        },
        "yarn": {
            "yarn.resourcemanager.ha.enabled": "true",
            "yarn.resourcemanager.ha.rm-ids": "rm1,rm2",
            "yarn.resourcemanager.hostname.rm1": f"rm1.c{number}.example",
            "yarn.resourcemanager.hostname.rm2": f"rm2.c{number}.example",
        },
    }
    conf = directory / "conf"
    conf.mkdir(parents=True)
    for name, properties in sites.items():
        more = {f"example.{name}.key-{n}": f"/some/value/number/{n}" for n in range(KEYS)}
        items = "".join(
            f"<property><name>{key}</name><value>{value}</value></property>\n"
            for key, value in (properties | more).items()
        )
        (conf / f"{name}-site.xml").write_text(f"<configuration>\n{items}</configuration>\n")
