"""``%cluster``: which cluster a kernel works on, and how the clusters are, from a notebook."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from comm import create_comm
from IPython.core.completer import SimpleCompletion, context_matcher
from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser
from IPython.display import display

from jupyter_ext import sync
from jupyter_ext.clusters.current import CLUSTER, VARIABLES, ClusterEnvironment
from jupyter_ext.clusters.live import leftovers
from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.credentials.magics import LoginCommands
from jupyter_ext.display import Mark, View
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop.access import FromDirectory
from jupyter_ext.status import views
from jupyter_ext.status.models import ClusterStatus

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

MAGIC = "cluster"
COMM_TARGET = "jupyter-ext:cluster"


class ClusterMagic:
    """The magic, and what it remembers between two calls.

    Parameters
    ----------
    shell
        Whose user's variables a switch looks through.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.profiles = ProfileStore.from_jupyter_paths()
        self.environment = ClusterEnvironment()
        self.logins = LoginCommands(self.profiles, bool(getattr(shell, "kernel", None)))
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "list": self._list,
            "use": self._use,
            "status": self._status,
            "apps": self._apps,
            "doctor": self._doctor,
            "login": self.logins.login,
            "logout": self.logins.logout,
            "whoami": self.logins.whoami,
            "reset": self._reset,
        }

    def cluster(self, line: str) -> None:
        """Switch between Hadoop clusters and see how they are.

        ::

          %cluster                         where am I: cluster, user, addresses, environment
          %cluster list                    every cluster there is
          %cluster use NAME                work on NAME from now on
          %cluster reset                   work on none; give the environment back
          %cluster status [NAME ...]       how the cluster is; without a current one, how all are
          %cluster status [NAME] --plot    the same, live
          %cluster apps [NAME]             my applications, and why they wait
          %cluster doctor [NAME]           check everything between here and the cluster
          %cluster login [NAME] [USER]     open the login dialog; the password goes there
          %cluster logout [NAME]           end the login; of every cluster with --all
          %cluster whoami [NAME]           who I am there, and until when
        """
        words = line.split()
        try:
            if not words:
                self._here()
            else:
                self._command(words[0])(words[1:])
        except JupyterExtError as error:
            raise UsageError(f"{error.message} {error.hint}".rstrip()) from None

    def complete(self, words: list[str]) -> list[str]:
        """List what may follow ``words`` on a line with this magic."""
        if not words:
            return [*self._commands, "help"]
        if words[0] in ("list", "reset", "help") or words[0] not in self._commands:
            return []
        names = [profile.name for profile in self.profiles.list() if profile.name not in words]
        if words[0] == "status":
            return [*names, "--plot"]
        return names if len(words) == 1 else []

    @context_matcher()
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """Complete commands and names for IPython."""
        before = context.text_until_cursor.removesuffix(context.token).split()
        found: list[str] = []
        if before and before[0] in (MAGIC, f"%{MAGIC}"):
            found = [word for word in self.complete(before[1:]) if word.startswith(context.token)]
        completions = [SimpleCompletion(word, type="magic") for word in found]
        return {"completions": completions, "suppress": bool(found), "ordered": True}

    def _command(self, word: str) -> Callable[[list[str]], None]:
        if word == "help":
            return lambda _: print(inspect.getdoc(self.cluster))
        if word in self._commands:
            return self._commands[word]
        known = [*self._commands, "help"]
        close = get_close_matches(word, known, 1)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."
        if any(profile.name == word for profile in self.profiles.list()):
            hint = f"To work on it: %cluster use {word}"
        raise UsageError(f"%cluster has no command {word}. {hint}")

    # -- commands -----------------------------------------------------------------------------

    def _here(self) -> None:
        if not (name := os.environ.get(CLUSTER)):
            names = ", ".join(profile.name for profile in self.profiles.list()) or "none"
            display(View([f"No cluster is chosen; there are: {names}.", "%cluster use NAME"]))
            return
        found = {variable: os.environ.get(variable) for variable in VARIABLES[1:]}
        environment = {variable: value for variable, value in found.items() if value}
        display(views.here(_access().known(self.profiles.get(name)), environment))

    def _list(self, words: list[str]) -> None:
        _parser("list").parse_args(words)
        display(views.profiles(self.profiles.list(), os.environ.get(CLUSTER)))

    def _use(self, words: list[str]) -> None:
        profile = self._named("use", words, default=None)
        before = os.environ.get(CLUSTER)
        credentials = KernelCredentials.here()
        self.environment.use(profile, credentials.variables(profile))
        announce()
        user_name = credentials.identity(profile).user or profile.user
        user = f" as {user_name}" if user_name else ""
        lines: list[str | Mark] = [f"Now on {profile.name}{user}: {profile.endpoints.default_fs}"]
        if profile.production:
            lines.append(Mark("This is production.", "warning"))
        if before != profile.name:
            found = leftovers(profile, self.shell.user_ns, self.shell.magics_manager.registry)
            lines += [Mark(f"Still on another cluster: {item}", "warning") for item in found]
        display(View(lines))

    def _reset(self, words: list[str]) -> None:
        _parser("reset").parse_args(words)
        self.environment.reset()
        announce()
        display(View(["No cluster is chosen; the environment is as it was before."]))

    def _status(self, words: list[str]) -> None:
        parser = _parser("status")
        parser.add_argument("names", metavar="NAME", nargs="*")
        parser.add_argument("--plot", action="store_true", help="show it live")
        arguments = parser.parse_args(words)
        current = os.environ.get(CLUSTER)
        names = arguments.names or ([current] if current else [])
        profiles = [self.profiles.get(name) for name in names] or self.profiles.list()
        if arguments.plot:
            if len(names) != 1:
                raise UsageError("--plot shows one cluster: %cluster status NAME --plot")
            self._plot(profiles[0])
            return

        statuses = sync.run(_poll(profiles))
        if len(names) == 1:
            display(views.details(profiles[0], statuses[0]))
        else:
            display(views.overview(list(zip(profiles, statuses, strict=True)), current))

    def _plot(self, profile: Profile) -> None:
        """Show one cluster live, or in words where the front end can't."""
        from jupyter_ext.status.poller import poll_once

        [status] = sync.run(_poll([profile]))
        try:
            from jupyter_ext.status.plot import LivePlot, load_bokeh
        except ImportError as error:
            note = f"A live view needs ipywidgets, bokeh and jupyter_bokeh ({error})."
        else:
            if hasattr(self.shell, "kernel"):
                plot = LivePlot(profile, partial(poll_once, access=_access()), status)
                load_bokeh()
                display(plot)
                plot.start()
                return
            note = "A live view needs a notebook; this is how it is now."
        display(views.details(profile, status), View([note]))

    def _apps(self, words: list[str]) -> None:
        profile = self._named("apps", words, os.environ.get(CLUSTER))
        [status] = sync.run(_poll([profile]))
        display(views.apps(profile, status))

    def _doctor(self, words: list[str]) -> None:
        profile = self._named("doctor", words, os.environ.get(CLUSTER))
        from jupyter_ext.hadoop.doctor import examine

        access = FromDirectory(KernelCredentials.here())
        display(views.doctor(sync.run(examine(profile, access=access))))

    def _named(self, command: str, words: list[str], default: str | None) -> Profile:
        """Give the cluster that a command is about."""
        parser = _parser(command)
        parser.add_argument("name", metavar="NAME", nargs="?", default=default)
        name = parser.parse_args(words).name
        if name is None:
            names = ", ".join(profile.name for profile in self.profiles.list()) or "none yet"
            raise UsageError(f"Which cluster? %cluster {command} NAME; there are: {names}.")
        return self.profiles.get(name)


def announce() -> None:
    """Tell the front ends which cluster this kernel works on; without any, nothing happens.

    It travels as the data of a comm's opening, ``{"cluster": name or null}``. A front end that
    comes later finds the name where it is kept, in the environment.
    """
    create_comm(target_name=COMM_TARGET, data={"cluster": os.environ.get(CLUSTER)}).close()


def _parser(command: str) -> MagicArgumentParser:
    return MagicArgumentParser(prog=f"{MAGIC} {command}", add_help=False)


async def _poll(profiles: list[Profile]) -> list[ClusterStatus]:
    """Ask every cluster at the same time; one that hangs delays no other's answer."""
    from jupyter_ext.status.poller import poll_once

    access = _access()
    return list(await asyncio.gather(*(poll_once(profile, access) for profile in profiles)))


def _access() -> FromDirectory:
    return FromDirectory(KernelCredentials.here())


def load(shell: InteractiveShell) -> None:
    """Register the magic with its completion, and tell the front end where this kernel is."""
    magic = ClusterMagic(shell)
    shell.magics_manager.register_function(magic.cluster, "line", MAGIC)
    shell.Completer.custom_matchers.append(magic.match)
    magic.logins.start()
    announce()


def unload(shell: InteractiveShell) -> None:
    """Take everything back that :func:`load` and the magic changed."""
    magic: ClusterMagic = shell.magics_manager.magics["line"].pop(MAGIC).__self__
    shell.Completer.custom_matchers.remove(magic.match)
    magic.environment.reset()
    magic.logins.stop()
    announce()
