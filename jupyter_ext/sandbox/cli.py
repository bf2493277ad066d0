"""``jupyter cluster sandbox``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from jupyter_ext.sandbox import spec, watch
from jupyter_ext.sandbox.models import SandboxStatus
from jupyter_ext.sandbox.sandbox import Sandbox
from jupyter_ext.sandbox.state import DEFAULT_HADOOP


def add_commands(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add ``sandbox up | down | status``."""
    sandbox = subparsers.add_parser(
        "sandbox", help="two small Hadoop clusters on this machine", description=__doc__
    )
    commands = sandbox.add_subparsers(dest="sandbox_command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start what does not run")
    up.add_argument(
        "--only",
        action="append",
        choices=tuple(spec.CLUSTERS),
        help="start only this cluster (may be repeated)",
    )
    up.add_argument(
        "--with",
        dest="also",
        action="append",
        default=[],
        choices=tuple(spec.CLUSTERS),
        help="start this cluster too (may be repeated)",
    )
    up.add_argument(
        "--processes",
        action=argparse.BooleanOptionalAction,
        help="one JVM per daemon instead of one per cluster (default: as the last time)",
    )
    up.add_argument(
        "--rm-ha",
        action=argparse.BooleanOptionalAction,
        help="two ResourceManagers (default: as the last time)",
    )
    up.add_argument(
        "--hadoop",
        metavar="VERSION",
        help=f"version of Hadoop (default: as the last time, else {DEFAULT_HADOOP})",
    )
    up.add_argument(
        "--until-exit",
        type=int,
        metavar="PID",
        default=os.environ.get(watch.VARIABLE),
        help=f"end everything after the end of this process (default: ${watch.VARIABLE})",
    )
    up.set_defaults(run=_up)

    down = commands.add_parser("down", help="end everything; data stay")
    down.add_argument(
        "--purge", action="store_true", help="remove the data and the profiles as well"
    )
    down.set_defaults(run=_down)

    status = commands.add_parser("status", help="what runs")
    status.add_argument("--json", action="store_true", help="print a SandboxStatus as JSON")
    status.set_defaults(run=_status)

    for command in (up, down, status):
        command.add_argument(
            "--dir",
            type=Path,
            metavar="D",
            help="directory of the sandbox (default: $JUPYTER_EXT_SANDBOX_DIR or a folder of"
            " Jupyter's data directory)",
        )


def _up(arguments: argparse.Namespace) -> int:
    clusters = [*(arguments.only or spec.DEFAULT), *arguments.also]
    wish = spec.Wish(
        clusters=tuple(dict.fromkeys(clusters)),
        hadoop=arguments.hadoop,
        processes=arguments.processes,
        rm_ha=arguments.rm_ha,
        until_exit=arguments.until_exit,
    )
    return _run(Sandbox(arguments.dir).up(wish, _say))


def _down(arguments: argparse.Namespace) -> int:
    return _run(Sandbox(arguments.dir).down(purge=arguments.purge, say=_say))


def _status(arguments: argparse.Namespace) -> None:
    status = Sandbox(arguments.dir).status()
    print(status.model_dump_json(indent=2) if arguments.json else _table(status))


def _run(work: Coroutine[Any, Any, None]) -> int:
    """Run until done; Ctrl-C and SIGTERM call it off in an orderly way."""

    async def main() -> int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            print("Called off; what had been started was ended.", file=sys.stderr)
            return 130
        return 0

    return asyncio.run(main())


def _say(line: str) -> None:
    print(line, flush=True)


def _table(status: SandboxStatus) -> str:
    lines = [f"{status.state}  {status.directory}"]
    if status.message:
        lines.append(f"  {status.message}")
    if status.missing:
        lines.append(f"  missing Debian packages: {' '.join(status.missing)}")
    lines += [
        f"{cluster.name:8} {cluster.state:9} Hadoop {cluster.hadoop}"
        f"  {cluster.resourcemanager}  {cluster.namenode}"
        for cluster in status.clusters
    ]
    lines += [
        f"  {daemon.name:24} {daemon.pid:>8} {daemon.memory_mb:7.0f} MB"
        f"  {'' if daemon.alive else 'dead  '}{daemon.log}"
        for daemon in status.daemons
    ]
    return "\n".join(lines)
