"""``jupyter cluster list | show | add | edit | remove | doctor``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from jupyter_ext.clusters.config import change
from jupyter_ext.clusters.models import ClusterConfig, Color, DirectorySource, Profile, UrlSource
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.display import Table
from jupyter_ext.errors import InvalidInput

if TYPE_CHECKING:
    from jupyter_ext.hadoop.models import Check, DoctorReport

Commands = Any  # argparse keeps the type of its sub-commands to itself


def add_commands(commands: Commands) -> None:
    """Register the commands of this area."""
    command = commands.add_parser("list", help="list the clusters")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_list)

    command = commands.add_parser("show", help="show one cluster and what is wrong with it")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_show)

    command = commands.add_parser("add", help="add a cluster from its Hadoop configuration")
    command.add_argument("name", metavar="NAME")
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--conf-dir", metavar="DIR", help="a directory such as /etc/hadoop/conf")
    source.add_argument("--archive", metavar="FILE", help="a tar or zip archive of one")
    source.add_argument("--url", help="where to fetch an archive; ends in / for a directory")
    command.add_argument("--title", help="shown instead of the name")
    command.add_argument("--color", choices=get_args(Color), help="colour of card and badge")
    command.add_argument("--production", action="store_true", help="ask twice before a kill")
    command.add_argument("--user", help="user name on a cluster without Kerberos")
    _add_set(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_add)

    command = commands.add_parser("edit", help="change a cluster's cluster.toml")
    command.add_argument("name", metavar="NAME")
    _add_set(command)
    command.add_argument(
        "--unset", action="append", default=[], metavar="KEY", help="forget a key; repeatable"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_edit)

    command = commands.add_parser("remove", help="remove a cluster from your configuration")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--yes", action="store_true", help="don't ask")
    command.set_defaults(run=run_remove)

    command = commands.add_parser("doctor", help="find out why a cluster does not work")
    command.add_argument("name", metavar="NAME", nargs="?", help="all clusters if left out")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_doctor)


def _add_set(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        action="append",
        default=[],
        type=assignment,
        metavar="KEY=VALUE",
        help="set a key of cluster.toml, for example kernels.yarn.queue=small; repeatable",
    )


def assignment(text: str) -> tuple[str, str]:
    """Split ``KEY=VALUE``.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is not of that form.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, not {text!r}")
    return key, value


def run_list(arguments: argparse.Namespace) -> None:
    """Print all profiles."""
    profiles = ProfileStore.from_jupyter_paths().list()
    if arguments.json:
        print_json([profile.model_dump(mode="json") for profile in profiles])
    elif not profiles:
        print("There is no cluster yet.")
        print("  jupyter cluster add NAME --conf-dir /etc/hadoop/conf")
        print("  jupyter cluster sandbox up")
    else:
        rows = [
            (
                profile.name,
                profile.title,
                profile.auth,
                profile.layer,
                " ".join(daemon.url for daemon in profile.endpoints.resourcemanagers) or "-",
                health(profile),
            )
            for profile in profiles
        ]
        print(Table(("NAME", "TITLE", "AUTH", "LAYER", "RESOURCEMANAGER", "PROFILE"), rows))


def health(profile: Profile) -> str:
    """Sum up a profile's problems in a few words."""
    errors = len(profile.errors)
    warnings = len(profile.problems) - errors
    counts = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    return ", ".join(counts) or "ok"


def run_show(arguments: argparse.Namespace) -> None:
    """Print one profile."""
    show(ProfileStore.from_jupyter_paths().get(arguments.name), arguments)


def show(profile: Profile, arguments: argparse.Namespace) -> None:
    """Print a profile as a table or as JSON."""
    if arguments.json:
        print_json(profile.model_dump(mode="json"))
        return
    rows = [
        ("name", profile.name),
        ("title", profile.title),
        ("colour", profile.color),
        ("production", "yes" if profile.production else "no"),
        ("layer", f"{profile.layer}, {profile.directory}"),
        ("configuration", profile.conf_dir),
        ("auth", profile.auth),
        ("user", profile.user or "-"),
        ("realm", profile.realm or "-"),
        ("krb5.conf", profile.krb5_conf or "-"),
        ("CA", profile.ca_file or "the system's"),
        ("file system", profile.endpoints.default_fs or "-"),
    ]
    for label, daemons in (
        ("ResourceManager", profile.endpoints.resourcemanagers),
        ("NameNode", profile.endpoints.namenodes),
    ):
        for daemon in daemons:
            role = " ".join(part for part in (label, daemon.nameservice, daemon.id) if part)
            rows.append((role, daemon.url))
    if profile.locked:
        rows.append(("locked", ", ".join(profile.locked)))
    print(Table((), rows))
    for problem in profile.problems:
        where = " ".join(part for part in (problem.file, problem.key) if part)
        print(f"{problem.severity}: {where}: {problem.message}")


def run_add(arguments: argparse.Namespace) -> None:
    """Add a profile."""
    values = dict(arguments.set)
    for key, value in (
        ("title", arguments.title),
        ("color", arguments.color),
        ("production", "true" if arguments.production else None),
        ("auth.user", arguments.user),
    ):
        if value is not None:
            values[key] = value
    config = change(ClusterConfig(), ClusterConfig(), values, ())
    with source_of(arguments) as conf_dir:
        profile = ProfileStore.from_jupyter_paths().add(arguments.name, conf_dir, config)
    show(profile, arguments)


def source_of(arguments: argparse.Namespace) -> AbstractContextManager[Path]:
    """Open what ``add`` was told to read."""
    # Imported here: the other commands unpack nothing.
    from jupyter_ext.clusters.sources import open_archive, open_source

    if arguments.archive:
        return open_archive(Path(arguments.archive))
    if arguments.url:
        if not arguments.url.startswith(("http://", "https://")):
            raise InvalidInput(f"{arguments.url} is no usable URL; expected http:// or https://.")
        return open_source(UrlSource(url=arguments.url))
    return open_source(DirectorySource(path=os.path.abspath(arguments.conf_dir)))


def run_edit(arguments: argparse.Namespace) -> None:
    """Change a profile."""
    if not arguments.set and not arguments.unset:
        raise InvalidInput(
            "There is nothing to change.", hint="Use --set KEY=VALUE or --unset KEY."
        )
    store = ProfileStore.from_jupyter_paths()
    profile = store.get(arguments.name)
    below = store.below(profile.name).config
    config = change(profile.config, below, dict(arguments.set), arguments.unset)
    show(store.edit(profile.name, config), arguments)


def run_remove(arguments: argparse.Namespace) -> None:
    """Remove a profile, after asking."""
    store = ProfileStore.from_jupyter_paths()
    profile = store.get(arguments.name)
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise InvalidInput(f"{profile.name} is not removed unasked.", hint="Add --yes.")
        if input(f"Remove {profile.name} from {profile.directory}? [y/N] ").lower() != "y":
            print("Nothing was removed.")
            return
    store.remove(profile.name)
    print(f"{profile.name} is removed.")


def run_doctor(arguments: argparse.Namespace) -> int:
    """Examine one or all clusters; 1 if a check failed."""
    store = ProfileStore.from_jupyter_paths()
    profiles = [store.get(arguments.name)] if arguments.name else store.list()
    reports = asyncio.run(examine_all(profiles, live=not arguments.json))
    if arguments.json:
        found = [report.model_dump(mode="json") for report in reports]
        print_json(found[0] if arguments.name else found)
    else:
        for report in reports:
            verdict = "is healthy" if report.healthy else "has a problem"
            print(f"{report.cluster} {verdict} ({report.seconds:.1f} s).")
        if not reports:
            print("There is no cluster yet.")
    return 0 if all(report.healthy for report in reports) else 1


async def examine_all(profiles: Sequence[Profile], *, live: bool) -> list[DoctorReport]:
    """Examine clusters at the same time, printing each finding as it comes."""
    # Imported here: the HTTP client takes longer to import than the other commands take to run.
    from jupyter_ext.credentials.kernel import KernelCredentials
    from jupyter_ext.hadoop.access import FromDirectory
    from jupyter_ext.hadoop.doctor import examine

    access = FromDirectory(KernelCredentials.here())
    width = max((len(profile.name) for profile in profiles), default=0)

    def report(profile: Profile, check: Check) -> None:
        if live:
            print(finding(check, f"{profile.name:{width}}"), flush=True)

    return await asyncio.gather(
        *(
            examine(profile, access=access, on_check=partial(report, profile))
            for profile in profiles
        )
    )


def finding(check: Check, cluster: str) -> str:
    """Give a check as a line, with what to do about it in a second one."""
    line = f"{cluster}  {check.verdict:7}  {check.name:15}  {check.seconds:4.1f} s  "
    remedy = f"\n{' ' * len(line)}{check.remedy}" if check.remedy else ""
    return f"{line}{check.target}: {check.message}{remedy}"


def print_json(value: Any) -> None:
    """Print for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
