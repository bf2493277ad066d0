"""Reading the ResourceManager's list of applications, which may be tens of megabytes long."""

from __future__ import annotations

import asyncio
import heapq
import json
import re
from collections.abc import AsyncIterator, Callable
from itertools import count as count_up
from typing import Any

from jupyter_ext.errors import BadAnswer, TooLarge
from jupyter_ext.hadoop.models import App
from jupyter_ext.hadoop.wire import Json, count, number, strings, text

MAX_LIST_CHARACTERS = 128 << 20
MAX_APP_CHARACTERS = 1 << 20
_WITHOUT_LIST = re.compile(r'\s*\{\s*"apps"\s*:\s*(null|\{\s*\}|\{\s*"app"\s*:\s*(null|\[\s*\]))')
_LIST = re.compile(r'\s*\{\s*"apps"\s*:\s*\{\s*"app"\s*:\s*(\[|(?=\{))')
_BETWEEN = re.compile(r"[\s,]*")


async def newest(
    chunks: AsyncIterator[str], limit: int, wanted: Callable[[Json], bool] | None
) -> list[App]:
    """Read ``{"apps": {"app": [...]}}`` piece by piece and keep the newest applications.

    The event loop gets its turn after every piece, and no more than ``limit`` applications are
    held, however long the list is.

    Parameters
    ----------
    chunks
        The reply's text.
    limit
        How many to keep.
    wanted
        Which ones matter; None means all.

    Raises
    ------
    BadAnswer
        If the text ends in the middle or is not such a list.
    TooLarge
        If it is longer than 128 MB.
    """
    kept: list[tuple[int, int, int, App]] = []
    order = count_up()
    async for found in _each(chunks):
        if wanted is not None and not wanted(found):
            continue
        app = read_app(found)
        # Numbered, so that two entries never come to be compared by their applications.
        entry = (app.started_ms, _sequence(app.id), next(order), app)
        if len(kept) < limit:
            heapq.heappush(kept, entry)
        else:
            heapq.heappushpop(kept, entry)
    return [app for *_, app in sorted(kept, reverse=True)]


async def _each(chunks: AsyncIterator[str]) -> AsyncIterator[Json]:
    decode = json.JSONDecoder().raw_decode
    buffer, read, began, ended = "", 0, False, False
    async for chunk in chunks:
        read += len(chunk)
        if read > MAX_LIST_CHARACTERS:
            raise TooLarge("The list of applications is longer than 128 MB; the rest was not read.")
        if ended:
            continue  # a reply that is not read to its end takes its connection with it
        buffer += chunk
        at = 0
        if not began:
            if _WITHOUT_LIST.match(buffer):
                ended = True
                continue
            if (start := _LIST.match(buffer)) is None:
                if len(buffer) > MAX_APP_CHARACTERS:
                    break
                continue
            began, at = True, start.end()
        while True:
            between = _BETWEEN.match(buffer, at)
            at = between.end() if between else at
            if buffer[at : at + 1] in ("]", "}"):
                ended = True
                break
            try:
                item, at = decode(buffer, at)
            except ValueError:
                break  # the rest of it comes with the next piece
            if isinstance(item, dict):
                yield item
        buffer = buffer[at:]
        if len(buffer) > MAX_APP_CHARACTERS:
            break
        await asyncio.sleep(0)
    if ended:
        return
    if began or buffer.strip():
        raise BadAnswer(
            "The list of applications broke off in the middle, or is no such list.",
            hint="The ResourceManager, or something in between, closed the connection.",
        )
    raise BadAnswer("The ResourceManager answered with nothing.", hint="Its log may say why.")


def same_queue(one: str, other: str) -> bool:
    """Compare queues, either of them a path or, as older schedulers say, the last name of one."""
    if "." in one and "." in other:
        return one == other
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def _sequence(app_id: str) -> int:
    """Take the running number of an id, which has four digits or more."""
    number = app_id.rpartition("_")[2]
    return int(number) if number.isdecimal() else 0


def read_app(found: Json) -> App:
    """Read an ``AppInfo``; what the viewer may not see is simply missing from it."""
    # Built without validation: there may be ten thousand, and each value has its type here.
    return App.model_construct(
        id=text(found, "id"),
        name=text(found, "name"),
        user=text(found, "user"),
        queue=text(found, "queue"),
        type=text(found, "applicationType"),
        state=text(found, "state"),
        final_status=text(found, "finalStatus"),
        progress=min(1.0, max(0.0, number(found, "progress") / 100)),
        started_ms=count(found, "startedTime"),
        finished_ms=count(found, "finishedTime"),
        memory_mb=count(found, "allocatedMB"),
        vcores=count(found, "allocatedVCores"),
        containers=count(found, "runningContainers"),
        tracking_url=_link(found.get("trackingUrl")),
        diagnostics=text(found, "diagnostics").strip(),
        tags=strings(found.get("applicationTags")),
        am_host=text(found, "amHostHttpAddress"),
    )


def _link(value: Any) -> str:
    """Let only web addresses through: applications choose their tracking URL themselves."""
    link = str(value or "")
    return link if link.startswith(("http://", "https://")) else ""
