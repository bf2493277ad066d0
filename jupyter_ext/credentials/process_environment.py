"""What this process's own Kerberos library sees, and what its kernels find."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from jupyter_ext.clusters.carried import VARIABLE
from jupyter_ext.credentials.directory import TOKEN_FILE, TOKENS

NOWHERE: Mapping[str, str] = {
    "KRB5_CONFIG": "/nonexistent/krb5.conf",
    "KRB5CCNAME": "FILE:/nonexistent/krb5cc",
    "KRB5_KTNAME": "FILE:/nonexistent/krb5.keytab",
    "KRB5_CLIENT_KTNAME": "FILE:/nonexistent/krb5.keytab",
}


def point_nowhere() -> None:
    """Let a credential that somebody forgets to name be missing, instead of somebody's default.

    Only C libraries in this process see it: ``os.environ``, which kernels and terminals inherit,
    stays as it is.
    """
    for name, value in NOWHERE.items():
        os.putenv(name, value)


def announce(directory: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Let kernels and terminals that start from now on find their credentials; paths only."""
    environ[VARIABLE] = str(directory)
    environ.setdefault(TOKEN_FILE, str(directory / TOKENS))


def withdraw(environ: MutableMapping[str, str] = os.environ) -> None:
    """Take :func:`announce` back, and what another server's kernel left here."""
    directory = environ.pop(VARIABLE, None)
    if directory and environ.get(TOKEN_FILE) == str(Path(directory) / TOKENS):
        del environ[TOKEN_FILE]
