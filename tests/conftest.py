"""Fixtures that every area shares."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


@pytest.fixture
def jp_server_config():
    """A server that refuses every handler without authentication."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_ext": True},
            "allow_unauthenticated_access": False,
            "terminals_enabled": False,
        },
        "JupyterExtApp": {"tick_s": 0.5},
    }


async def eventually(probe: Callable[[], Awaitable[T] | T], timeout_s: float = 30.0) -> T:
    """Wait until ``probe`` gives something true; fail with its last value otherwise."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = probe()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s; last value: {value!r}")
        await asyncio.sleep(0.05)
