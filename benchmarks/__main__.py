"""Run the benchmarks and keep their table."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping

from benchmarks import (
    agent,
    credentials,
    docker,
    imports,
    local_kernels,
    panel,
    polling,
    profiles,
    stalls,
    tunnel,
    yarn,
)
from benchmarks.table import Row, keep, machine, render

BENCHMARKS: Mapping[str, Callable[[], list[Row]]] = {
    "profiles": profiles.measure,
    "polling": polling.measure,
    "panel": panel.measure,
    "imports": imports.measure,
    "credentials": credentials.measure,
    "agent": agent.measure,
    "docker": docker.measure,
    "local_kernels": local_kernels.measure,
    "tunnel": tunnel.measure,
    "yarn": yarn.measure,
    "stalls": stalls.measure,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all of them and keep the table."""
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}.")
        return 2
    rows: list[Row] = []
    failed: list[str] = []
    for name in names or BENCHMARKS:
        print(f"... {name}", file=sys.stderr, flush=True)
        try:
            rows += BENCHMARKS[name]()
        except Exception:  # what the others measured is not lost for it
            traceback.print_exc()
            failed.append(name)
    print(f"{machine()}\n\n{render(rows)}")
    if failed:
        print(f"Nothing was kept; there is no result of: {', '.join(failed)}.", file=sys.stderr)
        return 1
    if not names:
        keep(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
