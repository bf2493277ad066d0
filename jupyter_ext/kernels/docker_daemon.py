"""The questions that are asked of a Docker daemon (Docker Engine API 1.41 and later)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_ext.kernels.docker_engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiodocker import Docker
    from aiodocker.containers import DockerContainer

T = TypeVar("T")
NOT_FOUND, CONFLICT = 404, 409
CONNECT_S = 5.0
ANSWER_S = 60.0
# What aiodocker gives for an answer that never came.
_NO_ANSWER = 900


class Refused(Exception):
    """The daemon answered that it will not, or cannot.

    Attributes
    ----------
    status
        HTTP status; 0 for a refusal in the middle of an answer.
    said
        The daemon's words, on one line.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = " ".join(said.split())


@asynccontextmanager
async def connect(engine: Engine) -> AsyncIterator[Daemon]:
    """Talk to a daemon; lasts for one operation, so that no event loop is clung to."""
    # They take 0.2 s to load, and only those who use Docker need them.
    from aiodocker import Docker
    from aiohttp import ClientTimeout

    context = await asyncio.to_thread(engine.tls)
    url = engine.host.replace("tcp://", "https://", 1) if context else engine.host
    timeout = ClientTimeout(connect=CONNECT_S, sock_read=ANSWER_S)
    async with Docker(url, ssl_context=context, timeout=timeout) as docker:
        yield Daemon(docker, engine)


class Daemon:
    """A Docker daemon that is being talked to.

    Every method raises ``Refused`` for what it refuses; Unreachable with the likely cause if there
    is no answer; Untrusted if one of both sides does not accept the other's certificate.
    """

    def __init__(self, docker: Docker, engine: Engine) -> None:
        self._docker = docker
        self._engine = engine

    async def info(self) -> dict[str, Any]:
        """``docker info``."""
        with self._errors():
            return dict(await self._docker.system.info())

    async def image(self, name: str) -> dict[str, Any]:
        """``docker image inspect``."""
        with self._errors():
            return await self._docker.images.inspect(name)

    async def pull(
        self, image: str, login: Mapping[str, str] | None
    ) -> AsyncIterator[dict[str, Any]]:
        """``docker pull``: gives each line of its progress."""
        with self._errors():
            async for item in self._docker.images.pull(image, auth=login, stream=True):
                yield item

    async def has_volume(self, name: str) -> bool:
        """Whether there is a volume of this name."""
        try:
            with self._errors():
                await self._docker.volumes.get(name)
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                return False
            raise
        return True

    async def create(self, name: str, body: Mapping[str, Any]) -> None:
        """Make a container; whoever is cancelled meanwhile knows afterwards whether it exists."""
        with self._errors():
            await _whole(self._docker.containers.create(dict(body), name=name))

    async def put(self, name: str, packed: bytes) -> None:
        """Unpack a tar into a container's root directory."""
        with self._errors():
            await self._container(name).put_archive("/", packed)

    async def start(self, name: str) -> None:
        """``docker start``; the same again changes nothing."""
        with self._errors():
            await _whole(self._container(name).start())

    async def show(self, name: str) -> dict[str, Any]:
        """``docker inspect`` of a container."""
        with self._errors():
            return await self._container(name).show()

    async def wait(self, name: str, seconds: float) -> bool:
        """``docker wait``: whether the container ended within so many seconds."""
        from aiohttp import ClientTimeout

        timeout = ClientTimeout(connect=CONNECT_S, sock_read=seconds)
        try:
            with self._errors(patient=True):
                await self._container(name).wait(timeout=timeout)
        except TimeoutError:
            return False
        return True

    async def remove(self, name: str) -> None:
        """``docker rm -f -v``; of one that is gone, or going, too."""
        try:
            with self._errors():
                await _whole(self._container(name).delete(force=True, v=True))
        except Refused as refusal:
            if refusal.status not in (NOT_FOUND, CONFLICT):
                raise

    async def log(self, name: str, lines: int) -> str:
        """``docker logs --tail``."""
        with self._errors():
            said = await self._container(name).log(stdout=True, stderr=True, tail=lines)
        return "".join(said)

    async def labelled(self, label: str) -> list[dict[str, Any]]:
        """``docker ps --all`` of those with a label."""
        filters = json.dumps({"label": [label]})
        with self._errors():
            listed = await self._docker.containers.list(all=True, filters=filters)
        return [{key: one[key] for key in ("Names", "Labels", "Created")} for one in listed]

    def _container(self, name: str) -> DockerContainer:
        return self._docker.containers.container(name)

    @contextmanager
    def _errors(self, *, patient: bool = False) -> Iterator[None]:
        """Put aiodocker's errors into ours; ``patient``: let a timeout of reading pass."""
        from aiodocker import DockerError
        from aiohttp import ClientError, SocketTimeoutError

        try:
            yield
        except DockerError as error:
            if error.status != _NO_ANSWER:
                raise Refused(error.status, error.message) from error
            raise self._engine.silence(error) from error
        except (ClientError, TimeoutError) as error:
            if patient and isinstance(error, SocketTimeoutError):
                raise TimeoutError from error
            raise self._engine.silence(error) from error


async def _whole(question: Awaitable[T]) -> T:
    """Wait for an answer even if cancelled, so that nothing happens after we looked away."""
    asked = asyncio.ensure_future(question)
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        await asyncio.wait([asked])
        raise
