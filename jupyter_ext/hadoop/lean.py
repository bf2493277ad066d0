"""Reading JSON that is too long to be parsed in one piece while the event loop waits."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

from jupyter_ext.errors import BadAnswer, TooLarge
from jupyter_ext.hadoop.wire import Json

_LONGEST_BEGINNING = 256
_LONGEST_OBJECT = 1 << 20


async def parse(
    chunks: AsyncIterator[str],
    begins: re.Pattern[str],
    keep: Callable[[Json], Json],
    limit: int,
) -> Any:
    """Parse JSON, every object that begins in a certain way made smaller as soon as it is there.

    The event loop gets its turn after every piece, and only what was kept is held.

    Parameters
    ----------
    chunks
        The text.
    begins
        How such an object begins; at most 256 characters.
    keep
        What to keep of it.
    limit
        The most characters that may be left.

    Raises
    ------
    TooLarge
        If more is left.
    BadAnswer
        If the text is no JSON.
    """
    decode = json.JSONDecoder().raw_decode
    kept: list[str] = []
    length, buffer = 0, ""
    async for chunk in chunks:
        buffer += chunk
        done = 0
        while found := begins.search(buffer, done):
            try:
                item, end = decode(buffer, found.start())
            except ValueError:
                break  # the rest of it comes with the next piece
            kept += (buffer[done : found.start()], json.dumps(keep(item)))
            length += len(kept[-2]) + len(kept[-1])
            done = end
        if not found:
            # One may have begun at the very end.
            passed = max(done, len(buffer) - _LONGEST_BEGINNING)
            kept.append(buffer[done:passed])
            length += passed - done
            done = passed
        buffer = buffer[done:]
        if length > limit or len(buffer) > _LONGEST_OBJECT:
            raise TooLarge(f"The answer is too long: more than {limit >> 20} MB matter in it.")
        await asyncio.sleep(0)
    kept.append(buffer)
    try:
        return json.loads("".join(kept))
    except ValueError:
        raise BadAnswer(
            "The answer begins like JSON and is not.",
            hint="Is a proxy in between that changes replies?",
        ) from None
