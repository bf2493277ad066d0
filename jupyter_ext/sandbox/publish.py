"""The sandbox's clusters as profiles of the user."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from jupyter_ext.clusters.models import Color
from jupyter_ext.errors import Conflict, Misconfigured
from jupyter_ext.sandbox.files import write
from jupyter_ext.sandbox.site import Site, render

KERNEL_MB = 1024
"""Memory of a kernel at first; two of them fit beside each other."""
MARK = ".sandbox"
"""File in a profile's directory that names the sandbox which wrote it."""


@dataclass(frozen=True)
class Publication:
    """One profile."""

    name: str
    title: str
    color: Color
    site: Site
    production: bool = False
    user: str | None = None
    """Who the user is there at first."""
    python: str | None = None
    """Python that its nodes run kernels with at first."""
    tables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Tables of cluster.toml that say where things are; kept current."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Further files: krb5.conf, ca.pem."""


class Profiles:
    """The user's layer of profiles.

    Parameters
    ----------
    layer
        Directory that holds one directory per profile.
    owner
        Directory of the sandbox.
    """

    def __init__(self, layer: Path, owner: Path) -> None:
        self._layer = layer
        self._owner = owner

    def check(self, name: str) -> None:
        """See that a profile of that name may be written.

        Raises
        ------
        Conflict
            If the user has one that no sandbox wrote.
        """
        directory = self._layer / name
        if directory.exists() and not (directory / MARK).exists():
            raise Conflict(
                f"You have a profile {name} already, which no sandbox wrote.",
                hint=f"Rename {directory}, or start only the other cluster with --only.",
                cluster=name,
            )

    def publish(self, profile: Publication) -> None:
        """Write a profile, or bring it up to date; what the user set in cluster.toml stays.

        Raises
        ------
        Conflict
            If the user has one that no sandbox wrote.
        """
        self.check(profile.name)
        directory = self._layer / profile.name
        write(directory / MARK, f"{self._owner}\n")
        for name, properties in profile.site.items():
            write(directory / "conf" / name, render(properties), 0o644)
        for name, content in profile.files.items():
            write(directory / name, content, 0o644)
        write(directory / "cluster.toml", _cluster_toml(directory / "cluster.toml", profile), 0o644)

    def withdraw(self, name: str) -> bool:
        """Remove a profile if this sandbox wrote it; whether it did."""
        directory = self._layer / name
        try:
            owner = (directory / MARK).read_text().strip()
        except OSError:
            return False
        if owner != str(self._owner):
            return False
        shutil.rmtree(directory)
        return True


def _cluster_toml(path: Path, profile: Publication) -> str:
    """Take the file as it is, with what the sandbox knows better."""
    try:
        document = tomlkit.parse(path.read_text()) if path.exists() else tomlkit.document()
        defaults: dict[str, object] = {"title": profile.title, "color": profile.color}
        if profile.production:
            defaults["production"] = True
        for key, value in defaults.items():
            document.setdefault(key, value)
        for name, values in profile.tables.items():
            document.setdefault(name, tomlkit.table()).update(values)
        if profile.user:
            document.setdefault("auth", tomlkit.table()).setdefault("user", profile.user)
        if profile.python:
            kernels = document.setdefault("kernels", tomlkit.table(is_super_table=True))
            yarn = kernels.setdefault("yarn", tomlkit.table())
            yarn.setdefault("python", profile.python)
            yarn.setdefault("memory_mb", KERNEL_MB)
    except (TOMLKitError, AttributeError) as error:
        # AttributeError: a plain value where a table belongs.
        raise Misconfigured(
            f"{path} cannot be brought up to date: {error}.",
            hint="Correct it, or remove it: the sandbox then writes a new one.",
            cluster=profile.name,
        ) from None
    return tomlkit.dumps(document)
