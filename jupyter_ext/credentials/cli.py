"""``jupyter cluster login | logout | whoami``: for scripts and terminals, without a server."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from typing import TYPE_CHECKING, Any

from jupyter_ext.clusters.carried import VARIABLE
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import views
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.credentials.policy import automatic, nobody
from jupyter_ext.errors import InvalidInput

if TYPE_CHECKING:
    from jupyter_ext.credentials.headless import HeadlessLogins

Commands = Any  # argparse keeps the type of its sub-commands to itself


def add_commands(commands: Commands) -> None:
    """Register the commands of this area."""
    command = commands.add_parser(
        "login", help="log in to a cluster, for programs that run without a Jupyter server"
    )
    command.add_argument("name", metavar="NAME")
    command.add_argument("user", metavar="USER", nargs="?", help="asked for when left out")
    command.set_defaults(run=run_login)

    command = commands.add_parser("logout", help="end such a login")
    command.add_argument("name", metavar="NAME", nargs="?", help="all clusters if left out")
    command.set_defaults(run=run_logout)

    command = commands.add_parser("whoami", help="say who is logged in, and until when")
    command.add_argument("name", metavar="NAME", nargs="?", help="all clusters if left out")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run_whoami)


def run_login(arguments: argparse.Namespace) -> None:
    """Ask for the password without showing it, and log in."""
    profiles = ProfileStore.from_jupyter_paths()
    profile = profiles.get(arguments.name)
    proposal = nobody(profile)
    if not proposal.needed:
        print(f"{profile.name} wants no login.")
        return
    user, password = arguments.user or "", ""
    if not automatic(profile):
        user = user or _ask_user(proposal.user)
        password = _ask_password(f"Password of {user} for {proposal.realm}: ")
    logins = _logins(profiles)
    identity = asyncio.run(logins.login(profile.name, user, password))
    print(views.identity(identity))
    print(f"\nPrograms find it with {VARIABLE}={logins.path}")
    print("(Jupyter's kernels with %load_ext jupyter_ext look there by themselves.)")


def run_logout(arguments: argparse.Namespace) -> None:
    """End logins."""
    profiles = ProfileStore.from_jupyter_paths()
    if arguments.name and arguments.name not in KernelCredentials.here().identities():
        profiles.get(arguments.name)
    ended = asyncio.run(_logins(profiles).logout(arguments.name))
    print(f"Logged out of {', '.join(ended)}." if ended else "Nobody was logged in.")


def run_whoami(arguments: argparse.Namespace) -> None:
    """Print who is logged in."""
    profiles = ProfileStore.from_jupyter_paths()
    credentials = KernelCredentials.here()
    wanted = [profiles.get(arguments.name)] if arguments.name else profiles.list()
    found = [credentials.identity(profile) for profile in wanted]
    if arguments.json:
        print("[" + ",\n ".join(identity.model_dump_json() for identity in found) + "]")
    elif arguments.name:
        print(views.identity(found[0]))
    else:
        print(views.identities(found))


def _logins(profiles: ProfileStore) -> HeadlessLogins:
    from jupyter_ext.credentials.headless import HeadlessLogins
    from jupyter_ext.hadoop.access import open_desk

    return HeadlessLogins(profiles, open_desk)


def _ask_user(proposal: str) -> str:
    proposal = proposal or getpass.getuser()
    try:
        return input(f"User [{proposal}]: ").strip() or proposal
    except EOFError:
        raise InvalidInput(
            "There is no user name.", hint="jupyter cluster login NAME USER"
        ) from None


def _ask_password(prompt: str) -> str:
    """Read a password: hidden from a terminal, one line from a pipe."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\n")
