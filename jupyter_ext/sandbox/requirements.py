"""What must be installed on this machine before a sandbox can start."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_ext.errors import Unavailable

PACKAGES: Mapping[str, str] = {
    "java": "default-jdk-headless",
    "javac": "default-jdk-headless",
    "mvn": "maven",
    "krb5kdc": "krb5-kdc",
    "kdb5_util": "krb5-kdc",
    "kadmin.local": "krb5-admin-server",
    "kadmind": "krb5-admin-server",
    "kinit": "krb5-user",
    "slapd": "slapd",
    "libgssapiv2.so": "libsasl2-modules-gssapi-mit",
}
"""Debian package of each program, and of the SASL module with which LDAP takes tickets."""

LIBRARIES = Path("/usr/lib")
HADOOP = ("java", "javac", "mvn")
SECURITY = ("krb5kdc", "kdb5_util", "kadmin.local", "kadmind", "kinit", "slapd", "libgssapiv2.so")


def program(name: str) -> str | None:
    """Path of an installed program; ``JAVA_HOME`` comes before ``PATH``, as Hadoop has it."""
    if name.endswith(".so"):
        return next((str(path) for path in LIBRARIES.glob(f"*/sasl2/{name}")), None)
    path = os.environ.get("PATH", "")
    places = [path, *(["/usr/sbin", "/sbin"] if path else [])]
    if name in ("java", "javac") and (home := os.environ.get("JAVA_HOME")):
        places.insert(0, str(Path(home) / "bin"))
    return shutil.which(name, path=os.pathsep.join(places))


def missing(programs: Iterable[str]) -> list[str]:
    """Debian packages of the programs that are not installed, each once."""
    return sorted({PACKAGES[name] for name in programs if program(name) is None})


def require(programs: Iterable[str]) -> None:
    """See that programs are installed.

    Raises
    ------
    Unavailable
        If any is missing, naming the Debian packages.
    """
    if packages := missing(programs):
        raise Unavailable(
            f"The sandbox needs the Debian packages {', '.join(packages)}.",
            hint=f"apt-get install --no-install-recommends {' '.join(packages)}",
        )


def installed(name: str) -> str:
    """Path of a program that must be there.

    Raises
    ------
    Unavailable
        If it is missing.
    """
    require([name])
    return str(program(name))
