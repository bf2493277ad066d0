"""A watcher tells of every change, and of nothing else."""

from __future__ import annotations

import asyncio

from jupyter_ext.clusters.watch import ProfileWatcher
from tests.conftest import eventually
from tests.hadoop_xml import simple_conf


async def test_changes_arrive(store, layers):
    root = dict(layers)["user"]
    watcher = aiter(ProfileWatcher(store, interval_s=0.01))

    async def next_names():
        return [profile.name for profile in await asyncio.wait_for(anext(watcher), 10)]

    assert await next_names() == []
    staging = root.parent / "staging"
    simple_conf(staging / "conf")
    root.mkdir()
    staging.rename(root / "dev")
    assert await next_names() == ["dev"]
    (root / "dev/cluster.toml").write_text("title = 'New'")
    (profile,) = await asyncio.wait_for(anext(watcher), 10)
    assert profile.title == "New"
    (root / "dev").rename(staging)
    assert await next_names() == []


async def test_without_a_change_nothing_is_read(store, monkeypatch):
    looks = []
    signature = store.signature

    def counted():
        looks.append(signature())
        return looks[-1]

    monkeypatch.setattr(store, "signature", counted)
    seen = []

    async def watch():
        async for profiles in ProfileWatcher(store, interval_s=0.001):
            seen.append(profiles)

    task = asyncio.create_task(watch())
    await eventually(lambda: len(looks) > 10)
    task.cancel()
    assert seen == [[]]
