"""A cable between a port of loopback and another, which a test can cut, pull out, and plug in."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType


class Cable:
    """Carries every connection with ``port`` to ``to``; in a thread of its own.

    Attributes
    ----------
    carried
        Bytes, in both directions.
    cut_after
        Bytes after which the connection that carries them is cut; None for never. Each cut sets it
        to None.
    """

    def __init__(self, to: int, host: str = "127.0.0.1") -> None:
        self.to = to
        self.port = 0
        self.carried = 0
        self.connections = 0
        self.cut_after: int | None = None
        self._host = host
        self._writers: set[asyncio.StreamWriter] = set()
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Cable:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Break every connection now."""
        self._loop.call_soon_threadsafe(self._cut)

    def pull(self) -> None:
        """Let nothing through, and tell nobody: as when a machine is gone."""
        self._loop.call_soon_threadsafe(self._plugged.clear)

    def plug(self) -> None:
        """Let everything through again."""
        self._loop.call_soon_threadsafe(self._plugged.set)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._carry, self._host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self.to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer, ends))
                group.create_task(self._pump(far_reader, writer, ends))
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        ends: set[asyncio.StreamWriter],
    ) -> None:
        try:
            while data := await source.read(65536):
                await self._plugged.wait()
                self.carried += len(data)
                if self.cut_after is not None and self.carried >= self.cut_after:
                    # Part of it arrives, so that cuts are in the midst of frames too.
                    sink.write(data[: len(data) // 2])
                    self.cut_after = None
                    break
                sink.write(data)
                await sink.drain()
        except OSError:
            pass  # the other direction says the same
        for end in ends:
            end.transport.abort()
