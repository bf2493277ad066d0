"""A kernel's side: what its credential directory says, and what programs have to be told of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from jupyter_ext.clusters.carried import INDEX, VARIABLE
from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.reader import CONF
from jupyter_ext.credentials import runtime
from jupyter_ext.credentials.directory import (
    TICKETS,
    TOKEN_FILE,
    TOKENS,
    KernelClusters,
    KernelIdentity,
)
from jupyter_ext.credentials.models import Identity
from jupyter_ext.credentials.policy import nobody

if TYPE_CHECKING:
    import httpx

JAVA_OPTIONS = "JAVA_TOOL_OPTIONS"
_JAVA_CONF = "-Djava.security.krb5.conf="
SPARK_ARGUMENTS = "PYSPARK_SUBMIT_ARGS"
_STAGING = "--conf=spark.yarn.stagingDir="


def credential_directory(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Give this kernel's directory, else that of logins on the command line; None without one."""
    if directory := environ.get(VARIABLE):
        return Path(directory)
    return runtime.find_headless_directory(environ)


class KernelCredentials:
    """What a credential directory says; read anew each time it is asked.

    Parameters
    ----------
    path
        The directory; None where there is none.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @classmethod
    def here(cls) -> KernelCredentials:
        """Look where this process's environment says."""
        return cls(credential_directory())

    def adopt(self, environ: MutableMapping[str, str] = os.environ) -> None:
        """Let Hadoop's libraries in this process find the tokens, unless they have others."""
        if self.path is not None:
            environ.setdefault(TOKEN_FILE, str(self.path / TOKENS))

    def identities(self) -> dict[str, Identity]:
        """Who is logged in, by cluster; empty where nothing tells."""
        return {name: entry.identity for name, entry in self.clusters().items()}

    def clusters(self) -> dict[str, KernelIdentity]:
        """Every cluster as it was when somebody last logged in or out."""
        if self.path is None:
            return {}
        try:
            text = (self.path / INDEX).read_bytes()
            return KernelClusters.model_validate_json(text).clusters
        except (OSError, ValidationError):
            # Another version may have written it; the next login writes it anew.
            return {}

    def identity(self, profile: Profile) -> Identity:
        """Say who is logged in to a cluster."""
        return self.identities().get(profile.name) or nobody(profile)

    def auth(self, profile: Profile) -> httpx.Auth | None:
        """Give what authenticates requests to a cluster; None if nobody is logged in."""
        identity = self.identity(profile)
        if self.path is None or profile.auth != "kerberos" or not identity.principal:
            return None
        from jupyter_ext.credentials.negotiate import Negotiate
        from jupyter_ext.credentials.service_tickets import ServiceTickets

        directory = self.path / profile.name
        tickets = ServiceTickets(profile, directory / TICKETS, directory / "krb5.conf")
        return Negotiate(identity.principal, tickets)

    def variables(
        self, profile: Profile, environ: Mapping[str, str] = os.environ
    ) -> dict[str, str | None]:
        """Say what a program has to find in its environment to be who is logged in.

        The paths are those at which files appear with a login, so a program that starts before it
        finds them afterwards. No value is a secret.

        Returns
        -------
        dict
            By variable: its value, or None where it must not be set. A variable that is left out
            does not matter to this cluster.
        """
        if self.path is None:
            return {}
        wanted: dict[str, str | None] = {TOKEN_FILE: str(self.path / TOKENS)}
        if profile.auth != "kerberos":
            return wanted
        directory = self.path / profile.name
        conf = directory / "krb5.conf"
        identity = self.identity(profile)
        wanted["KRB5CCNAME"] = f"FILE:{directory / TICKETS}"
        wanted["KRB5PRINCIPAL"] = identity.principal or None
        if (hadoop := directory / CONF).is_dir():
            wanted["HADOOP_CONF_DIR"] = wanted["YARN_CONF_DIR"] = str(hadoop)
        if conf.exists() or profile.krb5_conf is None:
            wanted["KRB5_CONFIG"] = str(conf)
        # Java reads no other file of tickets' configuration than the one it is told of.
        krb5_conf = wanted.get("KRB5_CONFIG") or profile.krb5_conf
        kept = [
            option
            for option in environ.get(JAVA_OPTIONS, "").split()
            if not option.startswith(_JAVA_CONF)
        ]
        wanted[JAVA_OPTIONS] = " ".join([*kept, f"{_JAVA_CONF}{krb5_conf}"])
        if identity.principal and not (directory / TICKETS).exists():
            # With tokens alone, Java fails if it is told whose tickets to look for, and Spark works
            # for the operating system's user, and stages its files in that user's home.
            wanted["KRB5PRINCIPAL"] = None
            wanted["SPARK_USER"] = identity.user
            given = environ.get(SPARK_ARGUMENTS, "pyspark-shell").split(" ")
            kept = [argument for argument in given if not argument.startswith(_STAGING)]
            wanted[SPARK_ARGUMENTS] = " ".join([f"{_STAGING}/user/{identity.user}", *kept])
        return wanted
