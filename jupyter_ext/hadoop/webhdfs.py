"""Files of HDFS over WebHDFS (``org.apache.hadoop.hdfs.server.namenode.web.resources``)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import quote, urlsplit

from jupyter_ext.clusters.models import Daemon
from jupyter_ext.errors import BadAnswer, InvalidInput, Unreachable
from jupyter_ext.hadoop.connection import Connection, Parameters
from jupyter_ext.hadoop.models import FileStatus, Quota
from jupyter_ext.hadoop.namenode import NameNode
from jupyter_ext.hadoop.refusals import Redirected
from jupyter_ext.hadoop.wire import Json, count, member, members, number, text

if TYPE_CHECKING:
    import httpx

Content = bytes | AsyncIterator[bytes]


class WebHdfs:
    """Files and directories of the cluster's default file system.

    Paths are absolute and need no quoting: spaces, ``%``, ``#`` and any script are fine.
    """

    def __init__(self, connection: Connection, namenode: NameNode) -> None:
        self._connection = connection
        self._namenode = namenode

    async def stat(self, path: str) -> FileStatus:
        """Look a file or directory up.

        Raises
        ------
        NotFound
            If there is none.
        """
        found = member(await self._get(path, "GETFILESTATUS"), "FileStatus")
        return _read_status(found, path)

    async def home(self) -> str:
        """Give the path of the home directory of who asks; it need not exist."""
        return text(member(await self._get("/", "GETHOMEDIRECTORY")), "Path")

    async def list(self, path: str) -> AsyncIterator[FileStatus]:
        """Go through a directory, page by page, in the order of names.

        Raises
        ------
        NotFound
            If there is no such directory.
        """
        after: str | None = None
        while True:
            query = {} if after is None else {"startAfter": after}
            answer = await self._get(path, "LISTSTATUS_BATCH", query)
            found = member(answer, "DirectoryListing")
            page = members(found, "partialListing", "FileStatuses", "FileStatus")
            for item in page:
                after = text(item, "pathSuffix")
                yield _read_status(item, _join(path, after) if after else path)
            if not page or not count(found, "remainingEntries"):
                return

    async def open(
        self, path: str, *, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Read a file in pieces.

        Parameters
        ----------
        offset, length
            Bytes; the whole rest when no length is given.
        """
        query: dict[str, int] = {"offset": offset}
        if length is not None:
            query["length"] = length
        location = await self._locate("GET", path, "OPEN", query)
        async with self._transfer("GET", location) as response:
            async for chunk in response.aiter_bytes():
                yield chunk

    async def read(self, path: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read a file at once; for small ones."""
        return b"".join([chunk async for chunk in self.open(path, offset=offset, length=length)])

    async def create(
        self, path: str, content: Content, *, overwrite: bool = False, permission: str = "644"
    ) -> None:
        """Write a file, and the directories above it.

        Raises
        ------
        Conflict
            If it exists and ``overwrite`` is false.
        """
        query = {"overwrite": _flag(overwrite), "permission": permission}
        await self._send("PUT", await self._locate("PUT", path, "CREATE", query), content)

    async def append(self, path: str, content: Content) -> None:
        """Add to the end of a file."""
        await self._send("POST", await self._locate("POST", path, "APPEND", {}), content)

    async def mkdirs(self, path: str, *, permission: str = "755") -> None:
        """Make a directory and those above it; one that is there already is fine.

        Directories above get the same permission: make ``/user`` before a private ``/user/alice``.
        """
        await self._get(path, "MKDIRS", {"permission": permission}, method="PUT")

    async def rename(self, source: str, target: str) -> None:
        """Move a file or directory.

        Raises
        ------
        InvalidInput
            If HDFS does not do it: no such source, or the target exists.
        """
        found = await self._get(source, "RENAME", {"destination": target}, method="PUT")
        if not member(found).get("boolean"):
            raise InvalidInput(
                f"{source} was not moved to {target}.",
                hint="Does the source exist, the target not, and the directory above it?",
                cluster=self._connection.profile.name,
            )

    async def delete(self, path: str, *, recursive: bool = False) -> bool:
        """Delete a file or directory, past the trash.

        Returns
        -------
        bool
            Whether there was something.

        Raises
        ------
        Forbidden
            If a directory is not empty and ``recursive`` is false, or it is not yours.
        """
        query = {"recursive": _flag(recursive)}
        found = await self._get(path, "DELETE", query, method="DELETE")
        return bool(member(found).get("boolean"))

    async def quota(self, path: str) -> Quota:
        """Quota and use of a directory that has a quota.

        Where none is set the NameNode counts the whole tree instead, at a cost that grows with it:
        ask for homes and project directories, and keep the answer.
        """
        found = member(await self._get(path, "GETQUOTAUSAGE"), "QuotaUsage")
        return Quota(
            quota=int(number(found, "quota")),
            used=count(found, "fileAndDirectoryCount"),
            space_quota=int(number(found, "spaceQuota")),
            space_used=count(found, "spaceConsumed"),
        )

    async def content_summary(self, path: str) -> Quota:
        """Count a whole tree; the NameNode walks all of it, so only when a person asks."""
        found = member(await self._get(path, "GETCONTENTSUMMARY"), "ContentSummary")
        return Quota(
            quota=int(number(found, "quota")),
            used=count(found, "fileCount") + count(found, "directoryCount"),
            space_quota=int(number(found, "spaceQuota")),
            space_used=count(found, "spaceConsumed"),
        )

    # -- the two steps of WebHDFS -------------------------------------------------------------

    async def _get(
        self, path: str, operation: str, query: Parameters | None = None, *, method: str = "GET"
    ) -> Any:
        quoted = _quote(path)

        async def ask(daemon: Daemon) -> Any:
            return await self._connection.get_json(
                f"{daemon.url}/webhdfs/v1{quoted}",
                {"op": operation, **(query or {})},
                method=method,
            )

        return await self._namenode.call(ask)

    async def _locate(self, method: str, path: str, operation: str, query: Parameters) -> str:
        """Ask the NameNode which DataNode to turn to; it must not get the data itself."""
        try:
            query = {**query, "noredirect": "true"}
            answer = await self._get(path, operation, query, method=method)
            location = text(member(answer), "Location")
        except Redirected as redirected:
            location = redirected.location  # HDFS before 2.9 does not know noredirect
        parts = urlsplit(location)
        # Anything else, such as a login page, must not get the data either.
        if parts.scheme not in ("http", "https") or "/webhdfs/v1/" not in parts.path:
            raise BadAnswer(
                f"The NameNode named no DataNode for {path}.",
                hint="Does something between here and there send everybody to a login page?",
                cluster=self._connection.profile.name,
            )
        return location

    async def _send(self, method: str, location: str, content: Content) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        async with self._transfer(method, location, content=content, headers=headers):
            pass

    @asynccontextmanager
    async def _transfer(
        self,
        method: str,
        location: str,
        *,
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Turn to a DataNode. Its URL carries what it needs to know; it gets no identity beside it.

        A gateway stands for DataNodes too, and wants to know who asks each time.
        """
        active = self._namenode.active
        same = active is not None and urlsplit(active.url)[:2] == urlsplit(location)[:2]
        as_daemon = same and self._connection.profile.auth == "gateway"
        try:
            async with self._connection.stream(
                method, location, content=content, headers=headers, as_daemon=as_daemon
            ) as response:
                yield response
        except Unreachable as error:
            error.hint = "Data goes through DataNodes, which have to be reachable from here. " + (
                error.hint
            )
            raise


def _quote(path: str) -> str:
    if not path.startswith("/"):
        raise InvalidInput(f"{path!r} is no absolute path.", hint="Paths of HDFS begin with /.")
    return quote(path, safe="/")


def _join(directory: str, name: str) -> str:
    return f"{directory.rstrip('/')}/{name}"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _read_status(found: Json, path: str) -> FileStatus:
    kind = text(found, "type")
    return FileStatus(
        path=path,
        type=cast("Literal['FILE', 'DIRECTORY', 'SYMLINK']", kind)
        if kind in ("FILE", "DIRECTORY", "SYMLINK")
        else "FILE",
        length=count(found, "length"),
        owner=text(found, "owner"),
        group=text(found, "group"),
        permission=text(found, "permission"),
        modified_ms=count(found, "modificationTime"),
        replication=count(found, "replication"),
    )
