"""``jupyter cluster kernels list | attach | logs | kill | prune | sync``."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ext.clusters.cli import print_json
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.display import Table, duration, megabytes
from jupyter_ext.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from jupyter_ext.kernels.inventory import Entry
    from jupyter_ext.kernels.models import KernelView

Commands = Any  # argparse keeps the type of its sub-commands to itself
SHOWN = 8
"""Characters of a kernel's id that a table has room for."""


def add_commands(commands: Commands) -> None:
    """Register the commands of this area."""
    area = commands.add_parser("kernels", help="kernels on clusters: list, attach, logs, kill ...")
    kernels = area.add_subparsers(dest="kernels_command", required=True, metavar="COMMAND")

    command = kernels.add_parser("list", help="list your kernels, also those without a server")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_list)

    command = kernels.add_parser("attach", help="open a console on a kernel")
    _add_id(command)
    command.set_defaults(run=run_attach)

    command = kernels.add_parser("logs", help="print the end of what a kernel printed")
    _add_id(command)
    command.add_argument("--lines", type=_lines, default=200, metavar="N", help="200 if left out")
    command.set_defaults(run=run_logs)

    command = kernels.add_parser("kill", help="end a kernel with its container")
    _add_id(command)
    command.add_argument("--yes", action="store_true", help="don't ask")
    command.set_defaults(run=run_kill)

    command = kernels.add_parser("prune", help="end all kernels that no server has")
    command.add_argument(
        "--unknown",
        action="store_true",
        help="also containers of which there is no record here; they may belong to a server on "
        "another machine",
    )
    command.add_argument("--yes", action="store_true", help="don't ask")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_prune)

    command = kernels.add_parser("sync", help="make the kernelspecs that the profiles ask for")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_sync)


def _add_id(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "id", metavar="ID", type=_beginning, help="of a kernel; its beginning will do"
    )


def _beginning(text: str) -> str:
    # Every id begins with nothing: a script's empty variable would mean the only kernel there is.
    if not text.strip():
        raise argparse.ArgumentTypeError("expected the id of a kernel, or its beginning")
    return text.strip()


def _lines(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10_000:
        raise argparse.ArgumentTypeError("expected a number from 1 to 10000")
    return int(text)


def run_list(arguments: argparse.Namespace) -> None:
    """Print all kernels."""
    entries = asyncio.run(_list())
    if arguments.json:
        print_json([_json(entry) for entry in entries])
    elif not entries:
        print("There is no kernel on a cluster.")
    else:
        print(_table(entries))


async def _list() -> list[Entry]:
    from jupyter_ext.kernels.inventory import Inventory

    async with Inventory.open() as inventory:
        entries = await inventory.list()
        _tell_troubles(inventory.troubles)
        return entries


def _tell_troubles(troubles: list[Any]) -> None:
    for trouble in troubles:
        print(f"{trouble.message} Its kernels are missing here.", file=sys.stderr)


def _json(entry: Entry) -> dict[str, Any]:
    server = entry.server.url if entry.server else None
    return entry.view.model_dump(mode="json") | {"server": server}


def _table(entries: list[Entry]) -> Table:
    rows = [
        (
            entry.view.kernel_id[:SHOWN],
            entry.view.title,
            entry.view.state,
            entry.view.host or "-",
            _memory(entry.view),
            duration(time.time() - entry.view.started_at),
            entry.view.notebook or "-",
            entry.server.url if entry.server else "-",
        )
        for entry in entries
    ]
    return Table(("ID", "TITLE", "STATE", "HOST", "MEMORY", "AGE", "NOTEBOOK", "SERVER"), rows)


def _memory(view: KernelView) -> str:
    stats = view.stats
    if stats is None:
        return "-"
    limit = f" of {megabytes(stats.memory_limit_mb)}" if stats.memory_limit_mb else ""
    return f"{megabytes(stats.memory_mb)}{limit}"


def run_logs(arguments: argparse.Namespace) -> None:
    """Print the end of a kernel's log."""
    text = asyncio.run(_logs(arguments.id, arguments.lines))
    print(text, end="" if text.endswith("\n") else "\n")


async def _logs(beginning: str, lines: int) -> str:
    from jupyter_ext.kernels.inventory import Inventory

    async with Inventory.open() as inventory:
        return await inventory.logs(await inventory.find(beginning), lines)


def run_attach(arguments: argparse.Namespace) -> None:
    """Become a console on a kernel; leaving it leaves the kernel."""
    from jupyter_core.paths import jupyter_runtime_dir

    view = asyncio.run(_find(arguments.id)).view
    if view.state == "orphan":
        raise Unavailable(
            f"{view.title} has no Jupyter server through which it could be reached.",
            hint="Start one and adopt it in the panel of remote kernels, or end it: "
            f"jupyter cluster kernels kill {view.kernel_id[:SHOWN]}",
        )
    path = Path(jupyter_runtime_dir(), f"kernel-{view.kernel_id}.json")
    if not path.exists():
        raise Unavailable(
            f"{view.title} is {view.state}: there is no connection file {path} yet.",
            hint="Wait until it runs.",
        )
    if sys.stdin.isatty() and importlib.util.find_spec("jupyter_console") is not None:
        os.execv(  # noqa: S606 - this Python, and a path that Jupyter made
            sys.executable, [sys.executable, "-m", "jupyter_console", "--existing", str(path)]
        )
    from jupyter_ext.kernels import console

    console.run(path, view.title)


async def _find(beginning: str) -> Entry:
    from jupyter_ext.kernels.inventory import Inventory

    async with Inventory.open() as inventory:
        return await inventory.find(beginning)


def run_kill(arguments: argparse.Namespace) -> None:
    """End one kernel, after asking."""
    asyncio.run(_kill(arguments))


async def _kill(arguments: argparse.Namespace) -> None:
    from jupyter_ext.kernels.inventory import Inventory

    async with Inventory.open() as inventory:
        entry = await inventory.find(arguments.id)
        if not _agreed(arguments, f"End {entry.view.title}?"):
            print("It goes on.")
            return
        await inventory.end(entry)
    print(f"{entry.view.title} has ended.")


def run_prune(arguments: argparse.Namespace) -> None:
    """End every kernel without a server, after asking."""
    ended = asyncio.run(_prune(arguments))
    if arguments.json:
        print_json([_json(entry) for entry in ended])
    elif ended:
        print(f"{len(ended)} ended.")
    else:
        print("Nothing was ended.")


async def _prune(arguments: argparse.Namespace) -> list[Entry]:
    from jupyter_ext.kernels.inventory import Inventory, abandoned

    async with Inventory.open() as inventory:
        entries = await inventory.list()
        _tell_troubles(inventory.troubles)
        found = abandoned(entries, unknown=arguments.unknown)
        if not found:
            if not arguments.json:
                print("There is no kernel without a server.")
            return []
        if not arguments.json:
            print(_table(found))
        if not _agreed(arguments, f"End {len(found)} without a server?"):
            return []
        await asyncio.gather(*(inventory.end(entry) for entry in found))
        return found


def _agreed(arguments: argparse.Namespace, question: str) -> bool:
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        raise InvalidInput("Nothing is ended unasked.", hint="Add --yes.")
    return input(f"{question} [y/N] ").lower() == "y"


def run_sync(arguments: argparse.Namespace) -> None:
    """Make kernelspecs of the profiles."""
    from jupyter_ext.kernels.specs import KernelSpecs

    done = KernelSpecs.of_user().sync(ProfileStore.from_jupyter_paths().list())
    if arguments.json:
        print_json({"written": done.written, "removed": done.removed, "kept": done.kept})
        return
    for verb, names in (
        ("written", done.written),
        ("removed", done.removed),
        ("left alone, it is somebody else's", done.kept),
    ):
        for name in names:
            print(f"{name}: {verb}")
    if not done:
        print("The kernelspecs say what the clusters' profiles say.")
