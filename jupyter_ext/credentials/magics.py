"""``%cluster login | logout | whoami``: a kernel asks the front end, which alone sees passwords."""

from __future__ import annotations

import os

from comm import create_comm
from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser
from IPython.display import display

from jupyter_ext.clusters.current import CLUSTER
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials import views
from jupyter_ext.credentials.directory import TOKENS
from jupyter_ext.credentials.java import JavaTokens
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.display import Mark, View

COMM_TARGET = "jupyter-ext:login"


class LoginCommands:
    """The commands that are about who you are.

    Parameters
    ----------
    profiles
        Where the clusters are.
    has_front_end
        Whether somebody may see a dialog.
    """

    def __init__(self, profiles: ProfileStore, has_front_end: bool) -> None:
        self._profiles = profiles
        self._has_front_end = has_front_end
        self._java: JavaTokens | None = None

    def start(self) -> None:
        """Let this kernel's libraries find tokens, and its Java machine those that come later."""
        credentials = KernelCredentials.here()
        credentials.adopt()
        if credentials.path is not None:
            self._java = JavaTokens(credentials.path / TOKENS)
            self._java.start()

    def stop(self) -> None:
        """End watching for tokens."""
        if self._java is not None:
            self._java.stop()
            self._java = None

    def login(self, words: list[str]) -> None:
        """Open the login dialog of a cluster."""
        if len(words) > 2:
            raise UsageError(
                "A password has no place in a notebook, where it would be saved: "
                "%cluster login NAME USER opens a dialog for it. If what you typed was one, delete "
                "it from the cell, and change it if the notebook was saved."
            )
        parser = _parser("login")
        parser.add_argument("name", metavar="NAME", nargs="?", default=os.environ.get(CLUSTER))
        parser.add_argument("user", metavar="USER", nargs="?")
        arguments = parser.parse_args(words)
        name = self._name("login", arguments.name)
        if not KernelCredentials.here().identity(self._profiles.get(name)).needed:
            display(View([f"{name} wants no login."]))
            return
        self._tell("login", name, arguments.user)
        display(View([f"Log in to {name} in the dialog that has opened."]))

    def logout(self, words: list[str]) -> None:
        """End the login to a cluster, or to all of them."""
        parser = _parser("logout")
        parser.add_argument("name", metavar="NAME", nargs="?", default=os.environ.get(CLUSTER))
        parser.add_argument("--all", action="store_true", help="of every cluster")
        arguments = parser.parse_args(words)
        name = None if arguments.all else self._name("logout", arguments.name)
        self._tell("logout", name, None)
        display(View([f"Logging out of {name or 'every cluster'}."]))

    def whoami(self, words: list[str]) -> None:
        """Say who you are on a cluster, or on all of them."""
        parser = _parser("whoami")
        parser.add_argument("name", metavar="NAME", nargs="?")
        name = parser.parse_args(words).name
        credentials = KernelCredentials.here()
        if name is None:
            profiles = self._profiles.list()
            display(views.identities([credentials.identity(profile) for profile in profiles]))
        else:
            display(views.identity(credentials.identity(self._profiles.get(name))))
        if credentials.path is None:
            display(View([Mark(_NO_SERVER, "warning")]))

    def _name(self, command: str, name: str | None) -> str:
        if name is None:
            names = ", ".join(profile.name for profile in self._profiles.list()) or "none yet"
            raise UsageError(f"Which cluster? %cluster {command} NAME; there are: {names}.")
        return self._profiles.get(name).name

    def _tell(self, action: str, name: str | None, user: str | None) -> None:
        """Ask the front end; it travels as the data of a comm's opening."""
        if not self._has_front_end:
            raise UsageError(f"There is no JupyterLab here: jupyter cluster {action} {name or ''}")
        data = {"action": action, "cluster": name, "user": user}
        create_comm(target_name=COMM_TARGET, data=data).close()


_NO_SERVER = (
    "This kernel was started without credentials: by another server than one with this extension. "
    "Outside of JupyterLab: jupyter cluster login NAME"
)


def _parser(command: str) -> MagicArgumentParser:
    return MagicArgumentParser(prog=f"cluster {command}", add_help=False)
