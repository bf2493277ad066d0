"""Clusters to be polled."""

from contextlib import AsyncExitStack

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from tests.fakes.busy import busy_clusters

TICK_S = 0.1


@pytest.fixture
def root(tmp_path):
    """The user's layer."""
    return tmp_path / "clusters"


@pytest.fixture
def store(root):
    return ProfileStore([("user", root)])


@pytest.fixture
def enter(jp_asyncio_loop):
    """Enter an asynchronous context in the test's loop, until the test is over."""
    stack = AsyncExitStack()
    yield lambda context: jp_asyncio_loop.run_until_complete(stack.enter_async_context(context))
    jp_asyncio_loop.run_until_complete(stack.aclose())


@pytest.fixture
def clusters(enter, root):
    """Two clusters, a and b, with their profiles."""
    found = enter(busy_clusters("a", "b"))
    for cluster in found:
        cluster.write_profile(root)
    return found


@pytest.fixture
def cluster(clusters):
    return clusters[0]


@pytest.fixture
def profile(cluster, store):
    return store.get("a")
