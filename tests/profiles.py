"""Profiles made up without any file."""

from __future__ import annotations

from typing import Any

from jupyter_ext.clusters.models import Daemon, Endpoints, Profile


def profile(name: str = "dev", **changes: Any) -> Profile:
    """Make a profile of a simple-auth cluster."""
    values: dict[str, Any] = {
        "name": name,
        "title": name,
        "color": "blue",
        "layer": "user",
        "directory": f"/clusters/{name}",
        "conf_dir": f"/clusters/{name}/conf",
        "auth": "simple",
    }
    return Profile(**values | changes)


def daemons(urls: list[str] | tuple[str, ...], prefix: str) -> list[Daemon]:
    """Name daemons as Hadoop does: several addresses make a high-availability pair."""
    pair = len(urls) > 1
    return [
        Daemon(url=url, id=f"{prefix}{number}" if pair else "")
        for number, url in enumerate(urls, 1)
    ]


def endpoints(
    resourcemanagers: list[str] | tuple[str, ...] = (),
    namenodes: list[str] | tuple[str, ...] = (),
    **changes: Any,
) -> Endpoints:
    """Say where daemons are."""
    return Endpoints(
        resourcemanagers=daemons(resourcemanagers, "rm"),
        namenodes=daemons(namenodes, "nn"),
        **changes,
    )
