"""Kernels' applications on real clusters: dev believes everybody, prod wants Kerberos."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import io
import re
import sys
import tarfile
import uuid

import pytest

from jupyter_ext.errors import Forbidden, Misconfigured, NotFound
from jupyter_ext.kernels.backend import LaunchFailed
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.kernels.wanted import Wanted
from jupyter_ext.kernels.yarn_launch import Wanted as Wishes
from jupyter_ext.kernels.yarn_launch import owner_tag, tags
from jupyter_ext.kernels.yarn_queue import second_container
from tests.conftest import eventually
from tests.hadoop_sandbox import rest
from tests.kernels.yarn import OWNER, Yarn, agent_that

IPYTHON = ["{python}", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
WAITS = "import time; time.sleep(60)"
SECOND = """
import os, sys, time
from jupyter_ext_agent.yarn import container, master
if container.role(os.environ) == "master":
    sys.exit(master.manage())
print("here I am", flush=True)
"""
HUNGRY = SECOND + "held = b'x' * (600 << 20); time.sleep(60)"


@pytest.fixture
def yarn(sandbox, tmp_path):
    return Yarn(sandbox.layers, tmp_path)


@pytest.mark.parametrize("cluster", ["dev", "prod"])
async def test_an_application_from_its_start_to_its_end(sandbox, yarn, cluster):
    order = yarn.order(cluster)
    async with yarn.started(order) as (handle, phases):
        await eventually(lambda: "starting" in phases.names)
        assert phases.names[0] == "preparing"
        assert [name for name in ("submitted", "starting") if name in phases.names]
        async with yarn.open(cluster) as hadoop:
            app = await hadoop.resourcemanager.app(handle["application"])
            stored = [one async for one in hadoop.webhdfs.list("/user/alice/.jupyter-ext")]
            folder = await hadoop.webhdfs.stat("/user/alice/.jupyter-ext")
        assert (app.user, app.type, app.name) == ("alice", "JUPYTER", f"Test on {cluster}")
        assert set(app.tags) == set(tags(OWNER, order.kernel_id))
        assert folder.permission == "700"
        assert {one.permission for one in stored} == {"600"}
        assert any(one.path.endswith(".pyz") for one in stored)
        condition = await yarn.backend.inspect(handle)
        assert (condition.alive, condition.host) == (True, "localhost")
        assert condition.url.endswith(f"/cluster/app/{handle['application']}")
        (found,) = [
            one for one in await yarn.backend.find(OWNER) if one.kernel_id == order.kernel_id
        ]
        assert (found.owner, found.handle["application"]) == (OWNER, handle["application"])
        assert await yarn.backend.find("somebody-else") == []
        secret = order.bootstrap["secret"]
        assert secret not in _written_for(sandbox, cluster, handle["application"])
        # The same again changes nothing.
        await yarn.backend.start(order, handle, phases)
        assert "uploading" not in phases.names[phases.names.index("submitted") :]
    condition = await eventually(lambda: _over(yarn, handle))
    assert condition.failure.cause == "The kernel's application was killed by alice."
    assert order.kernel_id not in [one.kernel_id for one in await yarn.backend.find(OWNER)]
    await yarn.backend.end(handle)


def _written_for(sandbox, cluster, app_id):
    """Everything that the NodeManager wrote for a container but its token file."""
    below = sandbox.directory / cluster / "data"
    scripts = [*below.glob(f"nm-l*/**/{app_id}/*/*.sh")]
    assert scripts
    return "".join(path.read_text() for path in scripts)


async def _over(yarn, handle):
    condition = await yarn.backend.inspect(handle)
    return condition if condition.alive is False else None


@pytest.mark.parametrize(("cluster", "queue"), [("dev", "default"), ("prod", "small")])
async def test_a_kernel_answers(yarn, cluster, queue, tmp_path, monkeypatch):
    for name in ("DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name))
        (tmp_path / name).mkdir()
    services = KernelServices(
        user=OWNER,
        place="",
        profiles=yarn.profiles,
        access=yarn.access,
        credentials=lambda user: None,
    )
    wanted = Wanted(
        str(uuid.uuid4()),
        OWNER,
        "python-yarn",
        f"Python on {cluster} (YARN)",
        "yarn",
        yarn.profiles.get(cluster),
        {"memory_mb": 512, "queue": queue, "python": sys.executable},
        {
            "argv": IPYTHON,
            "env": {},
            "cwd": "",
            "connection": {"key": "k", "signature_scheme": "hmac-sha256"},
            "interrupt_mode": "signal",
        },
    )
    try:
        running = await services.launcher.start(wanted)
        assert running.row.handle["second"] == (queue == "small")
        condition = await services.backend("yarn").inspect(running.row.handle)
        assert (condition.alive, condition.host) == (True, "localhost")
        await services.launcher.end(wanted.kernel_id)
        ended = await eventually(lambda: _over(yarn, running.row.handle))
        assert ended.failure
    finally:
        await services.close()


async def test_a_second_container_is_watched_and_read(sandbox, tmp_path):
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(HUNGRY))
    order = yarn.order(memory_mb=256, queue="small")
    handle = await yarn.backend.prepare(order, lambda *_: None)
    assert handle["second"]
    failure, _ = await yarn.outcome(order)
    assert re.search("killed at .* of 256 MB", failure.cause)
    assert failure.memory_mb == 512
    assert "The kernel's container container_" in failure.diagnostics


async def test_the_second_container_ends_with_the_application(sandbox, tmp_path):
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(SECOND + "time.sleep(60)"))
    node = f"http://localhost:{sandbox.port('dev', 'nm-http')}/ws/v1/node/containers"

    def containers(app_id):
        found = (rest("GET", node)["containers"] or {}).get("container", [])
        name = app_id.removeprefix("application")
        return [one["id"] for one in found if name in one["id"] and one["state"] == "RUNNING"]

    async with yarn.started(yarn.order(memory_mb=256, queue="small")) as (handle, _):
        app_id = handle["application"]
        log = await eventually(lambda: _said(yarn, handle, "here I am"))
        assert log.strip() == "here I am"
        assert len(containers(app_id)) == 2
    await eventually(lambda: not containers(app_id))


async def _said(yarn, handle, words):
    try:
        log = await yarn.backend.logs(handle, 10)
    except NotFound:
        return None
    return log if words in log else None


async def test_many_at_once_store_the_agent_once(sandbox, tmp_path):
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(f"{WAITS} # {uuid.uuid4()}"))
    digest = hashlib.sha256(yarn.agent()).hexdigest()[:16]
    orders = [yarn.order() for _ in range(8)]

    async def start(order):
        handle = await yarn.backend.prepare(order, lambda *_: None)
        await yarn.backend.start(order, handle, lambda *_: None)
        return handle

    handles = await asyncio.gather(*(start(order) for order in orders))
    try:
        assert len({handle["application"] for handle in handles}) == len(orders)
        async with yarn.open() as hadoop:
            files = [one.path async for one in hadoop.webhdfs.list("/user/alice/.jupyter-ext")]
        assert [path.rpartition("/")[2] for path in files if digest in path] == [
            f"agent-{digest}.pyz"
        ]
        found = {one.kernel_id for one in await yarn.backend.find(OWNER)}
        assert found >= {order.kernel_id for order in orders}
    finally:
        await asyncio.gather(*(yarn.backend.end(handle) for handle in handles))


async def test_the_share_of_a_queue_decides_how_many_containers_there_are(yarn):
    async with yarn.open() as hadoop:
        scheduler = await hadoop.resourcemanager.scheduler()

    def second(**values):
        return second_container(Wishes.of(yarn.order(**values)), scheduler)

    assert not second(memory_mb=2048)
    assert second(memory_mb=2048, queue="small")
    assert second(memory_mb=2048, queue="root.small")
    assert not second(queue="small")
    assert second(gpus=1)
    assert not second(queue="nosuch")


async def test_why_it_waits_and_who_is_before(sandbox, tmp_path):
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(WAITS))
    orders = [yarn.order(memory_mb=128, queue="small") for _ in range(3)]
    async with yarn.started(orders[0]) as (_, first):
        await eventually(lambda: "allocated" in first.names)
        async with yarn.started(orders[1]) as (_, second):
            await eventually(lambda: second.detail("queued"))
            async with yarn.started(orders[2]) as (_, third):
                said = await eventually(lambda: third.detail("queued"))
    assert "queue root.small for ApplicationMasters is used up" in second.detail("queued")
    assert said.startswith("1 before it in root.small. The share of queue root.small")


async def test_what_never_began(yarn):
    handle = await yarn.backend.prepare(yarn.order(), lambda *_: None)
    await yarn.backend.end(handle)
    failure = await yarn.backend.watch(handle, lambda *_: None)
    assert failure.cause.startswith(f"dev does not know {handle['application']}")
    condition = await yarn.backend.inspect(handle)
    assert (condition.alive, condition.failure) == (False, failure)
    with pytest.raises(NotFound):
        await yarn.backend.logs(handle, 10)


async def test_more_than_a_container_may_have(yarn):
    with pytest.raises(
        LaunchFailed, match=r"gives a container 2\.0 GB of memory at most"
    ) as caught:
        await yarn.backend.prepare(yarn.order(memory_mb=4096), lambda *_: None)
    assert caught.value.failure.hint == "Ask for 2.0 GB or less."
    with pytest.raises(LaunchFailed, match="gives a container 4 of vcores at most"):
        await yarn.backend.prepare(yarn.order(vcores=5), lambda *_: None)


async def test_nothing_is_sent_to_a_gateway(yarn):
    order = yarn.order()
    profile = order.profile.model_copy(update={"auth": "gateway"})
    with pytest.raises(Misconfigured, match="reached through a gateway"):
        await yarn.backend.prepare(dataclasses.replace(order, profile=profile), lambda *_: None)


async def test_no_secret_over_http(yarn):
    order = yarn.order("prod")
    daemons = [
        one.model_copy(update={"url": "http://rm.example.com:8088"})
        for one in order.profile.endpoints.resourcemanagers
    ]
    endpoints = order.profile.endpoints.model_copy(update={"resourcemanagers": daemons})
    exposed = dataclasses.replace(
        order, profile=order.profile.model_copy(update={"endpoints": endpoints})
    )
    with pytest.raises(Misconfigured, match="secret would travel in the clear"):
        await yarn.backend.prepare(exposed, lambda *_: None)


async def test_somebody_else_may_not_end_it(sandbox, yarn, tmp_path):
    bob = Yarn(sandbox.layers, tmp_path, user="bob")
    async with yarn.started(yarn.order("prod")) as (handle, phases):
        await eventually(lambda: "allocated" in phases.names or "starting" in phases.names)
        with pytest.raises(Forbidden, match="bob"):
            await bob.backend.end(handle)


async def test_an_environment_archive_of_this_machine(sandbox, tmp_path):
    archive = tmp_path / "environment.tar.gz"
    script = f'#!/bin/sh\nexec {sys.executable} "$@"\n'.encode()
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("bin/python")
        entry.size, entry.mode = len(script), 0o755
        tar.addfile(entry, io.BytesIO(script))
    code = "import sys; print('from', sys.argv); raise SystemExit(3)"
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(code))
    failure, _ = await yarn.outcome(yarn.order(archive=archive.as_uri()))
    assert failure.cause.startswith("The kernel's agent ended with exit code 3")
    assert "from ['agent.pyz', '--yarn']" in failure.diagnostics
    async with yarn.open() as hadoop:
        names = [one.path async for one in hadoop.webhdfs.list("/user/alice/.jupyter-ext")]
    assert [name for name in names if name.endswith(".tar.gz") and "environment-" in name]
    for wrong, said in (
        ("/user/alice/nowhere.zip", "nowhere.zip cannot be read"),
        ("/user/alice/environment", "is no archive that a NodeManager unpacks"),
        ("file:///nowhere.zip", "/nowhere.zip cannot be read"),
    ):
        with pytest.raises(LaunchFailed, match=said):
            await yarn.outcome(yarn.order(archive=wrong))


async def test_somebody_without_a_home_directory(yarn):
    order = yarn.order()
    stranger = order.profile.model_copy(update={"user": "stranger"})
    stranger_order = dataclasses.replace(order, profile=stranger)
    with pytest.raises(LaunchFailed, match="You have no home directory in HDFS: /user/stranger"):
        await yarn.outcome(stranger_order)


def test_tags_of_any_user():
    assert owner_tag("alice") == "jupyter-ext-user-alice"
    assert owner_tag("Älice") != owner_tag("älice")
    assert owner_tag("Älice").isascii()
    assert owner_tag("ALICE").islower()
    assert len(owner_tag("x" * 200)) <= 100
