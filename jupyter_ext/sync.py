"""Coroutines for callers that cannot await: a magic runs inside the kernel's own event loop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own, for as long as the ``with`` block lasts.

    Leaving the block cancels what still runs and waits until it has cleaned up after itself.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="jupyter-ext-loop", daemon=True
        )
        self._thread.start()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, for those who schedule something in it themselves."""
        return self._loop

    def __enter__(self) -> LoopThread:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine's result; an interrupt cancels it."""
        with _interruptible():
            future = self.submit(coroutine)
            try:
                return future.result()
            except KeyboardInterrupt:
                future.cancel()
                raise

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine and don't wait."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """End the loop; safe to call twice, but not from one of its own coroutines."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end in a thread, whatever loop this thread runs.

    Raises
    ------
    KeyboardInterrupt
        After the coroutine was cancelled and its connections are closed.
    """
    with LoopThread() as loop:
        return loop.run(coroutine)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let an interrupt raise here.

    While ipykernel runs a cell with an ``await`` in it, its own handler only leaves a note in the
    event loop, which is not read as long as the cell waits for us.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
