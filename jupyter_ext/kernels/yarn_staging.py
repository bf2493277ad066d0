"""Putting what a container needs into the user's home directory in HDFS, once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_ext.clusters.models import Profile
from jupyter_ext.display import size
from jupyter_ext.errors import (
    Forbidden,
    InvalidInput,
    JupyterExtError,
    Misconfigured,
    NotFound,
)
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.models import FileStatus
from jupyter_ext.kernels.backend import LaunchFailed
from jupyter_ext.kernels.models import Failure
from jupyter_ext.kernels.yarn_launch import AGENT, ENVIRONMENT, Resource

FOLDER = ".jupyter-ext"
_PIECE = 1 << 20
_ARCHIVES = (".tar.gz", ".tgz", ".zip", ".tar", ".jar")
"""What a NodeManager unpacks (``org.apache.hadoop.yarn.util.FSDownload``)."""


class Staging:
    """The files of one user on one cluster. What is there under its digest is not sent again.

    Parameters
    ----------
    hadoop
        The cluster's clients, as that user.
    say
        Told what is being uploaded.
    """

    def __init__(self, hadoop: Hadoop, say: Callable[[str], None]) -> None:
        self._files = hadoop.webhdfs
        self._profile = hadoop.connection.profile
        self._say = say

    async def agent(self, archive: bytes) -> Resource:
        """Put the agent there.

        Raises
        ------
        LaunchFailed
            If there is no home directory, or it does not take the file.
        """
        digest = await asyncio.to_thread(lambda: hashlib.sha256(archive).hexdigest())
        name = f"agent-{digest[:16]}.pyz"
        status = await self._put(name, lambda: archive, len(archive))
        return _resource(self._profile, AGENT, status)

    async def environment(self, archive: str) -> Resource:
        """Find an environment archive in HDFS; one of this machine (``file:``) is put there.

        Raises
        ------
        LaunchFailed
            If it is not there, or no NodeManager could unpack it.
        """
        if not archive.lower().endswith(_ARCHIVES):
            raise _failed(
                self._profile,
                f"{archive} is no archive that a NodeManager unpacks.",
                f"It has to end in {', '.join(_ARCHIVES)}; conda-pack and venv-pack make such.",
            )
        if archive.startswith("file:"):
            status = await self._local(Path(urlsplit(archive).path))
        else:
            path = urlsplit(archive).path
            try:
                status = await self._files.stat(path)
            except (NotFound, Forbidden) as error:
                raise _failed(
                    self._profile,
                    f"The environment archive {path} cannot be read: {error.message}",
                    "Correct kernels.yarn.archive of the profile, or ask its owner.",
                ) from error
        return _resource(self._profile, ENVIRONMENT, status, archive=True)

    async def _local(self, path: Path) -> FileStatus:
        def digest() -> tuple[str, int]:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size

        try:
            found, length = await asyncio.to_thread(digest)
        except OSError as error:
            raise _failed(
                self._profile,
                f"The environment archive {path} cannot be read: {error.strerror}.",
                "Correct kernels.yarn.archive of the profile.",
            ) from error
        suffix = next(end for end in _ARCHIVES if path.name.lower().endswith(end))
        name = f"environment-{found[:16]}{suffix}"
        return await self._put(name, lambda: _read(path), length)

    async def _put(
        self, name: str, content: Callable[[], bytes | AsyncIterator[bytes]], length: int
    ) -> FileStatus:
        home = await self._files.home()
        path = f"{home}/{FOLDER}/{name}"
        with suppress(NotFound):
            status = await self._files.stat(path)
            if status.length == length:
                return status
        self._say(f"{path} ({size(length)})")
        part = f"{path}.{secrets.token_hex(4)}"
        try:
            await self._check_home(home)
            await self._files.mkdirs(f"{home}/{FOLDER}", permission="700")
            await self._create(part, content())
        except Forbidden as error:
            raise _failed(
                self._profile,
                f"HDFS does not let the agent be stored in {home}/{FOLDER}: {error.message}",
                "The directory has to be yours and writable.",
            ) from error
        # If it is there now, another start was as fast; only a file of another length is wrong.
        try:
            await self._files.rename(part, path)
        except InvalidInput:
            status = await self._files.stat(path)
            if status.length == length:
                await self._files.delete(part)
                return status
            await self._files.delete(path)
            await self._files.rename(part, path)
        return await self._files.stat(path)

    async def _create(self, path: str, content: bytes | AsyncIterator[bytes]) -> None:
        """Write a file; half of it is of no use to anybody."""
        try:
            await self._files.create(path, content, permission="600")
        except BaseException:
            with suppress(JupyterExtError):
                await self._files.delete(path)
            raise

    async def _check_home(self, home: str) -> None:
        try:
            await self._files.stat(home)
        except NotFound:
            raise _failed(
                self._profile,
                f"You have no home directory in HDFS: {home} does not exist.",
                "Whoever administers the cluster has to make it: "
                f"hdfs dfs -mkdir {home}, then -chown it to you.",
            ) from None


async def _read(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


def _resource(
    profile: Profile, name: str, status: FileStatus, *, archive: bool = False
) -> Resource:
    namenodes = profile.endpoints.namenodes
    if not namenodes:
        raise Misconfigured(
            f"The profile of {profile.title} names no HDFS, from which kernels are started.",
            hint="Its core-site.xml has to hold fs.defaultFS.",
            cluster=profile.name,
        )
    first = namenodes[0]
    where = first.nameservice if first.id else first.rpc
    return Resource(
        name=name,
        url=f"hdfs://{where}{status.path}",
        size=status.length,
        timestamp_ms=status.modified_ms,
        archive=archive,
    )


def _failed(profile: Profile, cause: str, hint: str) -> LaunchFailed:
    return LaunchFailed(Failure(cause=cause, hint=hint), profile.name)
