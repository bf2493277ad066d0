"""Profiles over HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_ext.clusters.models import (
    AddProfile,
    ClusterConfig,
    Directory,
    EditProfile,
    Profile,
)
from jupyter_ext.clusters.profiles import ProfileStore, is_conf_dir
from jupyter_ext.clusters.sources import open_source
from jupyter_ext.errors import InvalidInput
from jupyter_ext.hadoop.access import Access
from jupyter_ext.hadoop.models import DoctorReport
from jupyter_ext.handlers import ApiHandler, Route, endpoint, jupyter_user


class ProfileHandler(ApiHandler):
    """Base of the handlers below."""

    def initialize(self, profiles: ProfileStore) -> None:
        """Take the store."""
        self.profiles = profiles


class ClustersHandler(ProfileHandler):
    """All profiles."""

    @endpoint(response=list[Profile])
    async def get(self) -> list[Profile]:
        """Every profile, broken ones included."""
        return await asyncio.to_thread(self.profiles.list)

    @endpoint(request=AddProfile, response=Profile)
    async def post(self, body: AddProfile) -> Profile:
        """Add a profile from a directory, an archive or a URL."""
        return await asyncio.to_thread(add, self.profiles, body)


def add(profiles: ProfileStore, request: AddProfile) -> Profile:
    """Fetch a source and make a profile of it; blocks."""
    with open_source(request.source) as conf_dir:
        return profiles.add(request.name, conf_dir, request.config)


class ClusterHandler(ProfileHandler):
    """One profile."""

    @endpoint(response=Profile)
    async def get(self, name: str) -> Profile:
        """One profile."""
        return await asyncio.to_thread(self.profiles.get, name)

    @endpoint(request=EditProfile, response=Profile)
    async def patch(self, name: str, body: EditProfile) -> Profile:
        """Replace what the profile's cluster.toml says."""
        return await asyncio.to_thread(self.profiles.edit, name, body.config)

    @endpoint()
    async def delete(self, name: str) -> None:
        """Remove the user's part of a profile."""
        await asyncio.to_thread(self.profiles.remove, name)


class SchemaHandler(ApiHandler):
    """What a cluster.toml may say."""

    @endpoint(response=dict[str, Any])
    async def get(self) -> dict[str, Any]:
        """JSON Schema of cluster.toml."""
        return ClusterConfig.model_json_schema()


class DirectoriesHandler(ApiHandler):
    """The server's directories, for choosing one."""

    @endpoint(response=Directory, query={"path": "Absolute path; the home directory if left out."})
    async def get(self, path: str = "") -> Directory:
        """One directory with the names of its sub-directories."""
        return await asyncio.to_thread(list_directory, path)


class DoctorHandler(ApiHandler):
    """The pre-flight examination."""

    def initialize(self, profiles: ProfileStore, access: Callable[[str], Access]) -> None:
        """Take the store, and what tells how a Jupyter user gets at clusters."""
        self.profiles = profiles
        self.access = access

    @endpoint(response=DoctorReport)
    async def post(self, name: str) -> DoctorReport:
        """Examine one cluster; takes up to ten seconds."""
        # Imported here: it brings the HTTP client along, which no other address needs.
        from jupyter_ext.hadoop.doctor import examine

        profile = await asyncio.to_thread(self.profiles.get, name)
        return await examine(profile, access=self.access(jupyter_user(self)))


def list_directory(path: str) -> Directory:
    """Look into a directory; hidden ones are left out.

    Raises
    ------
    InvalidInput
        If it is none, or may not be read.
    """
    directory = Path(os.path.normpath(Path.home() / os.path.expanduser(path or "~")))
    try:
        with os.scandir(directory) as entries:
            names = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"{directory} cannot be listed: {reason}.") from None
    return Directory(
        path=str(directory),
        parent=None if directory.parent == directory else str(directory.parent),
        directories=names,
        is_conf_dir=is_conf_dir(directory),
    )


def routes(profiles: ProfileStore, access: Callable[[str], Access]) -> list[Route]:
    """List the addresses of this area.

    Parameters
    ----------
    access
        How a Jupyter user, by name, gets at clusters.
    """
    kwargs = {"profiles": profiles}
    return [
        Route("clusters", ClustersHandler, kwargs),
        Route("clusters/{name}", ClusterHandler, kwargs),
        Route("clusters/{name}/doctor", DoctorHandler, {**kwargs, "access": access}),
        Route("clusters-schema", SchemaHandler),
        Route("directories", DirectoriesHandler),
    ]
