"""Waiting for something that nobody announces; never without a limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], bool], timeout_s: float, every_s: float = 0.05) -> bool:
    """Ask until the answer is yes.

    Returns
    -------
    bool
        False when ``timeout_s`` seconds passed without a yes.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        if condition():
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(every_s)
