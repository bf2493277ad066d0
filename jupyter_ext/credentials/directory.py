"""The credential directory: everything of an identity that kernels get, and nothing else.

    clusters.json                     the clusters, and who is logged in to each
    tokens                            the delegation tokens of all of them (Hadoop token file)
    <cluster>/conf/*.xml  ca.pem      Hadoop's configuration, with what reaches the other clusters;
                                      without a login too
    <cluster>/krb5.conf  krb5cc
    <cluster>/tokens                  those of one cluster, for a program that needs no other

The directory and everything in it is private to the user; every file is replaced in one step, so a
program that reads one meanwhile sees the old one or the new one, whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from jupyter_ext.clusters.carried import INDEX
from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.reader import CONF
from jupyter_ext.credentials import krb5_conf
from jupyter_ext.credentials.hadoop_conf import KernelConfigurations
from jupyter_ext.credentials.hdts import DelegationToken, write_file_bytes
from jupyter_ext.credentials.models import Identity
from jupyter_ext.credentials.policy import nobody
from jupyter_ext.errors import JupyterExtError, Unavailable
from jupyter_ext.files import replace
from jupyter_ext.models import Model

TOKEN_FILE = "HADOOP_TOKEN_FILE_LOCATION"  # noqa: S105 - the name of a variable
"""Environment variable by which Hadoop's programs find the tokens."""
TOKENS = "tokens"
TICKETS = "krb5cc"
CA = "ca.pem"


class KernelIdentity(Model):
    """One line of ``clusters.json``: a cluster, and who its owner is there."""

    profile: Profile
    """Its paths are those of the server; the files beside clusters.json are for the kernel."""
    identity: Identity
    known: bool = True
    """Whether somebody has logged in or out since the server started. Where not, a kernel that an
    earlier server started keeps the login it has."""


class KernelClusters(Model):
    """The content of ``clusters.json``."""

    clusters: dict[str, KernelIdentity] = Field(default={})


@dataclass(frozen=True)
class Login:
    """Who is logged in to a cluster, with the secrets that prove it."""

    profile: Profile
    identity: Identity
    tickets: Path | None
    """The broker's own ticket file."""
    tokens: dict[str, DelegationToken]


class CredentialDirectory:
    """Writes what kernels get.

    Its methods block; the event loop calls them in a thread.

    Parameters
    ----------
    path
        The directory, which exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self,
        profiles: Sequence[Profile],
        logins: Sequence[Login],
        logged_out: Collection[str] = (),
    ) -> None:
        """Make the directory say exactly this.

        Parameters
        ----------
        profiles
            Every cluster.
        logins
            Who is logged in.
        logged_out
            Clusters at which an earlier login has to end too, wherever a kernel has it.

        Raises
        ------
        Unavailable
            If there is no room for it.
        """
        try:
            self._write(profiles, {login.profile.name: login for login in logins}, logged_out)
        except OSError as error:
            raise Unavailable(
                f"The credentials of your kernels cannot be written in {self.path}: "
                f"{error.strerror}.",
                hint="Make room there; they are written again at the next renewal.",
            ) from None

    def _write(
        self,
        profiles: Sequence[Profile],
        logins: dict[str, Login],
        logged_out: Collection[str],
    ) -> None:
        known = {profile.name: profile for profile in profiles}
        known |= {name: login.profile for name, login in logins.items()}
        configured = [
            profile for name, profile in known.items() if name in logins or not profile.broken
        ]
        for stale in self.path.iterdir():
            if stale.is_dir() and stale.name not in logins:
                (stale / TICKETS).unlink(missing_ok=True)
                if stale.name not in {profile.name for profile in configured}:
                    shutil.rmtree(stale)
        configurations = KernelConfigurations(known.values())
        for profile in configured:
            directory = self.path / profile.name
            directory.mkdir(mode=0o700, exist_ok=True)
            _write_conf(directory / CONF, profile, configurations.changed(profile.name))
            if profile.ca_file:
                _copy(Path(profile.ca_file), directory / CA)
            else:
                (directory / CA).unlink(missing_ok=True)
            if profile.name in logins:
                _write_login(directory, logins[profile.name])
            else:
                for path in directory.iterdir():
                    if path.name not in (CONF, CA):
                        path.unlink()
        tokens = {
            alias: token for login in logins.values() for alias, token in login.tokens.items()
        }
        replace(self.path / TOKENS, write_file_bytes(tokens))
        index = KernelClusters(
            clusters={
                **{
                    profile.name: KernelIdentity(
                        profile=profile,
                        identity=nobody(profile),
                        known=profile.name in logged_out,
                    )
                    for profile in profiles
                },
                **{
                    name: KernelIdentity(profile=login.profile, identity=login.identity)
                    for name, login in logins.items()
                },
            }
        )
        # Last: whoever sees a login there finds its files.
        replace(self.path / INDEX, index.model_dump_json())


def _write_conf(conf: Path, profile: Profile, changed: Mapping[str, bytes]) -> None:
    """Write the Hadoop configuration, which is there before a login and after it."""
    conf.mkdir(mode=0o700, exist_ok=True)
    source = Path(profile.conf_dir)
    names = {conf / name for name in changed}
    for name, content in changed.items():
        _replace(conf / name, content)
    for path in source.rglob("*.xml"):
        copy = conf / path.relative_to(source)
        if copy not in names:
            names.add(copy)
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy(path, copy)
    for path in conf.rglob("*.xml"):
        if path not in names:
            path.unlink()


def _write_login(directory: Path, login: Login) -> None:
    if login.profile.auth == "kerberos":
        try:
            _replace(directory / "krb5.conf", krb5_conf.for_kernel(login.profile).encode())
        except JupyterExtError:
            (directory / "krb5.conf").unlink(missing_ok=True)
    if login.tickets is not None:
        _copy(login.tickets, directory / TICKETS)
    _replace(directory / TOKENS, write_file_bytes(login.tokens))


def _copy(source: Path, target: Path) -> None:
    try:
        content = source.read_bytes()
    except FileNotFoundError:
        target.unlink(missing_ok=True)
    else:
        _replace(target, content)


def _replace(target: Path, content: bytes) -> None:
    """Replace a file unless it says the same: what did not change keeps its time."""
    try:
        if target.read_bytes() == content:
            return
    except OSError:
        pass
    replace(target, content)
