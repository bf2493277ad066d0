"""One tab's, or one program's, view of the board."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from pydantic import BaseModel

from jupyter_ext.models import StreamMessage
from jupyter_ext.status.models import BoardMessage


@dataclass(frozen=True)
class Change:
    """What a subscription asks for when it changes what it watches."""

    before: frozenset[str] | None
    """Names watched until now; None for all."""
    refresh: bool

    def is_new(self, cluster: str) -> bool:
        """Whether this cluster was not watched until now."""
        return self.before is not None and cluster not in self.before


OnChange = Callable[["Subscription", Change], None]


class Frame:
    """A message with its JSON, made once however many tabs it goes to."""

    def __init__(self, message: StreamMessage) -> None:
        self.message = message
        self._json: bytes | None = None
        self._encoding = asyncio.Lock()

    async def encode(self) -> bytes:
        """Give the message as it travels; the event loop gets its turn after every card."""
        async with self._encoding:
            if self._json is None:
                self._json = await self._encode()
            return self._json

    async def _encode(self) -> bytes:
        if not isinstance(self.message, BoardMessage):
            return _json(self.message)
        cards = []
        for card in self.message.cards:
            cards.append(_json(card))
            await asyncio.sleep(0)
        # The cards are the last field, and "[]}" the end of a message without any.
        empty = _json(self.message.model_copy(update={"cards": []}))
        return empty.removesuffix(b"]}") + b",".join(cards) + b"]}"


def _json(value: BaseModel) -> bytes:
    return value.__pydantic_serializer__.to_json(value)


class Subscription:
    """An asynchronous iterator over what changes; made by the board's ``subscribe``.

    A consumer that is slower than the polls does not make the server's memory grow: of each
    cluster only the latest status, and the latest identity, is kept for it.

    Parameters
    ----------
    on_change
        Called when what is watched changes, and when the subscription is closed.
    """

    def __init__(self, on_change: OnChange) -> None:
        self._on_change = on_change
        self._watched: frozenset[str] | None = None
        self._board: Frame | None = None
        self._changes: dict[tuple[str, str | None], Frame] = {}
        self._ready = asyncio.Event()
        self.closed = False

    # -- the consumer's side ------------------------------------------------------------------

    def watch(self, clusters: Collection[str] | None, *, refresh: bool = False) -> None:
        """Say which clusters are looked at: all of them if None, none of them if empty.

        Parameters
        ----------
        clusters
            Names of profiles; one that does not exist yet is watched once it does.
        refresh
            Ask them now, whatever the cadence and however often they failed.
        """
        if self.closed:
            return
        before = self._watched
        self._watched = None if clusters is None else frozenset(clusters)
        self._changes = {
            (kind, name): frame
            for (kind, name), frame in self._changes.items()
            if kind != "status" or name is None or self.wants(name)
        }
        self._on_change(self, Change(before, refresh))

    def close(self) -> None:
        """End the iteration; safe to call twice."""
        if not self.closed:
            self.closed = True
            self._board, self._changes = None, {}
            self._ready.set()
            self._on_change(self, Change(self._watched, False))

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> StreamMessage:
        return (await self.next_frame()).message

    async def next_frame(self) -> Frame:
        """Wait for the next message.

        Raises
        ------
        StopAsyncIteration
            Once the subscription is closed.
        """
        while True:
            await self._ready.wait()
            if self.closed:
                raise StopAsyncIteration
            if self._board is not None:
                frame, self._board = self._board, None
                return frame
            if self._changes:
                return self._changes.pop(next(iter(self._changes)))
            self._ready.clear()

    # -- the board's side ---------------------------------------------------------------------

    def wants(self, cluster: str) -> bool:
        """Whether this cluster is looked at."""
        return not self.closed and (self._watched is None or cluster in self._watched)

    def offer_board(self, frame: Frame) -> None:
        """Put the whole picture first; it makes every earlier message about clusters needless."""
        beside = {key: kept for key, kept in self._changes.items() if key[1] is None}
        self._board, self._changes = frame, beside
        self._ready.set()

    def offer(self, cluster: str | None, frame: Frame) -> None:
        """Put a message last, in place of an older one of the same kind and cluster.

        Parameters
        ----------
        cluster
            Whom it is about; None for a message about something else than clusters.
        """
        key = (frame.message.type, cluster)
        self._changes.pop(key, None)
        self._changes[key] = frame
        self._ready.set()
