"""All clients of one cluster, as one identity."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.errors import Misconfigured
from jupyter_ext.hadoop.connection import Connection
from jupyter_ext.hadoop.namenode import NameNode
from jupyter_ext.hadoop.resourcemanager import ResourceManager
from jupyter_ext.hadoop.webhdfs import WebHdfs


class Hadoop:
    """The clients of a cluster; an async context manager that closes their connections.

    Examples
    --------
    >>> async with Hadoop.here(current()) as hadoop:
    ...     print(await hadoop.resourcemanager.metrics())
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.resourcemanager = ResourceManager(connection)
        self.namenode = NameNode(connection)
        self.webhdfs = WebHdfs(connection, self.namenode)

    @classmethod
    def open(cls, profile: Profile, *, auth: httpx.Auth | None = None) -> Self:
        """Make the clients; nothing is sent yet.

        Parameters
        ----------
        auth
            How requests prove who asks; nobody in particular asks when left out.

        Raises
        ------
        Misconfigured
            If the profile is broken.
        """
        if profile.broken:
            first = profile.errors[0]
            raise Misconfigured(
                f"The profile of {profile.title} cannot be used: {first.file}: {first.message}",
                hint=f"jupyter cluster show {profile.name} lists every problem.",
                cluster=profile.name,
            )
        return cls(Connection(profile, auth=auth))

    @classmethod
    def here(cls, profile: Profile) -> Self:
        """Make the clients as who is logged in where this program runs: in a kernel, in a shell.

        Raises
        ------
        Misconfigured
            If the profile is broken.
        """
        return cls.open(profile, auth=KernelCredentials.here().auth(profile))

    async def aclose(self) -> None:
        """Close every connection."""
        await self.connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
