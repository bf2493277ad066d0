"""Fixtures that every area shares."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from jupyter_ext.sandbox import watch
from tests.hadoop_sandbox import RunningSandbox

T = TypeVar("T")


def pytest_configure() -> None:
    """Let every sandbox that this session starts end with it, also after ``kill -9``."""
    os.environ[watch.VARIABLE] = str(os.getpid())


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


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory) -> Iterator[RunningSandbox]:
    """Real clusters dev, prod and stage, shared by the session: leave them as you find them.

    With JUPYTER_EXT_TEST_SANDBOX=DIR they live below DIR and are left running for the next session.
    """
    kept = os.environ.get("JUPYTER_EXT_TEST_SANDBOX")
    running = RunningSandbox.below(Path(kept) if kept else tmp_path_factory.mktemp("sandbox"))
    if kept:
        running.environment.pop(watch.VARIABLE)
    running.run("up", "--with", "stage")
    yield running
    if not kept:
        running.run("down")


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
