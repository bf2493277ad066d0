"""What can go wrong between a Docker daemon and a kernel, each on the real thing."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from jupyter_ext.errors import Unreachable
from jupyter_ext.kernels.backend import LaunchFailed
from jupyter_ext.kernels.failures import exited
from jupyter_ext.kernels.models import Failure
from tests.conftest import eventually
from tests.docker_engine import docker
from tests.fakes.docker_relay import docker_relay
from tests.fakes.registry import registry
from tests.kernels.docker_kernels import DockerKernels, printed, profile


async def fail(kernels: DockerKernels, **order) -> Failure:
    """Why it does not start; nothing of it is left then."""
    with pytest.raises(LaunchFailed) as caught:
        await kernels.start(**order)
    assert await kernels.backend.find(kernels.owner) == []
    assert not list((kernels.directory / "docker").glob("*"))
    assert caught.value.failure.hint
    return caught.value.failure


async def end(kernels: DockerKernels, **wishes) -> Failure:
    """Why it ends by itself."""
    order = kernels.order(**wishes)
    handle = await kernels.prepared(order)
    await kernels.backend.start(order, handle, kernels.tell)
    failure = await kernels.backend.watch(handle, kernels.tell)
    condition = await kernels.backend.inspect(handle)
    assert (condition.alive, condition.failure) == (False, failure)
    await kernels.backend.end(handle)
    return failure


# -- images ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "cause", "hint"),
    [
        (404, "MANIFEST_UNKNOWN", "There is no image", "Check its name and tag."),
        (403, "DENIED", "does not give you the image", "docker login 127.0.0.1"),
        (429, "TOOMANYREQUESTS", "wants no more requests", "Try again later"),
        (500, "UNKNOWN", "could not be pulled", "Check the network"),
    ],
)
async def test_an_image_cannot_be_had(docker_kernels, status, code, cause, hint):
    with registry(status=status, code=code) as found:
        failure = await fail(docker_kernels, image=found.image)
    assert cause in failure.cause
    assert hint in failure.hint
    assert f"127.0.0.1:{found.port}" in failure.cause
    assert docker_kernels.told[-1] == ("pulling", f"{found.image} from 127.0.0.1:{found.port}")


async def test_a_registry_is_not_there(docker_kernels):
    failure = await fail(docker_kernels, image="127.0.0.1:1/thing:1")
    assert "could not be pulled: 127.0.0.1:1 cannot be reached" in failure.cause


async def test_a_name_is_none(docker_kernels):
    failure = await fail(docker_kernels, image="No/Such Name")
    assert "is no name of an image" in failure.cause


async def test_an_image_is_pulled_once_with_progress_and_lacks_python(docker_kernels):
    with registry(megabytes=4) as found:
        start = asyncio.create_task(end(docker_kernels, image=found.image))
        try:
            await eventually(lambda: any(" of 4 MB" in detail for _, detail in docker_kernels.told))
            assert ("pulling", f"{found.image}: 0 of 4 MB") not in docker_kernels.told[1:-1]
            found.pause.set()
            failure = await start
            assert "has no program python3" in failure.cause
            assert "kernels.docker.python" in failure.hint
            asked = len(found.requests)
            await end(docker_kernels, image=found.image)
            assert len(found.requests) == asked, "pulled although the daemon has it"
        finally:
            docker_kernels.engine.run("rmi", "--force", found.image, check=False)


@pytest.mark.parametrize("kept", ["file", "helper"])
async def test_a_registry_is_asked_as_docker_login_did(docker_kernels, tmp_path, monkeypatch, kept):
    encoded = base64.b64encode(b"alice:wonder").decode()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with registry(login=f"Basic {encoded}") as found:
        found.pause.set()
        host = f"127.0.0.1:{found.port}"
        failure = await fail(docker_kernels, image=found.image)
        assert f"{host} does not give you the image" in failure.cause
        config = {"auths": {host: {"auth": encoded}}}
        if kept == "helper":
            config = {"credHelpers": {host: "test"}}
            helper = tmp_path / "docker-credential-test"
            answer = json.dumps({"Username": "alice", "Secret": "wonder"})
            helper.write_text(f"#!/bin/sh\ngrep -q '^{host}$' && echo '{answer}'\n")
            helper.chmod(0o755)
            monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        (tmp_path / "config.json").write_text(json.dumps(config))
        try:
            failure = await end(docker_kernels, image=found.image)
            assert "has no program python3" in failure.cause
        finally:
            docker_kernels.engine.run("rmi", "--force", found.image, check=False)


# -- containers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "cause", "hint"),
    [
        ({"network": "nowhere"}, "There is no Docker network nowhere.", "network create nowhere"),
        ({"volumes": ["lost:/x"]}, "There is no Docker volume lost.", "volume create lost"),
        ({"volumes": ["/not/there:/x"]}, "The directory /not/there", "make the directory"),
        ({"gpus": 1}, "has no GPU that a container can use", "Ask for 0 GPUs"),
        ({"vcores": 4096}, "cores, and the kernel asks for more", "fewer vcores"),
        ({"memory_mb": 1}, "of memory at least", "more memory_mb"),
    ],
)
async def test_what_is_asked_for_is_not_there(docker_kernels, order, cause, hint):
    failure = await fail(docker_kernels, **order)
    assert cause in failure.cause
    assert hint in failure.hint


async def test_the_disk_is_full(docker_kernels):
    name = f"{docker_kernels.owner}-small"
    small = ("--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=16k")
    docker_kernels.engine.run("volume", "create", *small, name)
    try:
        failure = await fail(docker_kernels, volumes=[f"{name}:/run"])
    finally:
        docker_kernels.engine.run("volume", "rm", name)
    assert "disk of the Docker daemon is full" in failure.cause
    assert "docker system prune" in failure.hint
    assert "no space left on device" in failure.diagnostics


async def test_a_container_exits_at_once(docker_kernels):
    failure = await end(docker_kernels, bootstrap={"lease_s": 0})
    assert "ended with exit code 2: The bootstrap's lease_s is not a number" in failure.cause
    assert "lease_s" in failure.diagnostics


async def test_a_kernel_needs_more_memory_than_it_has(docker_kernels):
    kernel = await docker_kernels.start(memory_mb=192)
    async with kernel.client() as client:
        client.execute("x = b'x' * (400 << 20)")

        report = await eventually(lambda: kernel.attachment.state.kernel.get("exit"))
        failure = exited(report, 192)
        assert "memory ran out: at 0.2 of 0.2 GB" in failure.cause
        assert failure.memory_mb == 384
    # The agent outlives it, and starts another in its place.
    assert (await docker_kernels.backend.inspect(kernel.handle)).alive is True
    async with kernel.client() as client:
        assert await printed(client, "print('again')") == "again\n"


async def test_an_agent_needs_more_memory_than_it_has(docker_kernels):
    failure = await end(docker_kernels, memory_mb=8)
    assert "more memory than it has" in failure.cause
    assert failure.memory_mb == 16


@pytest.mark.parametrize(
    ("command", "cause"),
    [("kill", "stopped from outside"), ("rm --force", "was removed from outside")],
)
async def test_a_container_is_ended_from_outside(docker_kernels, command, cause):
    kernel = await docker_kernels.start()
    watching = asyncio.create_task(docker_kernels.backend.watch(kernel.handle, lambda *_: None))
    await asyncio.to_thread(docker_kernels.engine.run, *command.split(), kernel.name)
    failure = await asyncio.wait_for(watching, 20)
    assert cause in failure.cause


# -- daemons --------------------------------------------------------------------------------------


async def test_no_daemon_runs(docker_kernels, tmp_path):
    there = profile(tmp_path, host=f"unix://{tmp_path}/docker.sock")
    order = docker_kernels.order(profile=there)
    handle = await docker_kernels.backend.prepare(order, docker_kernels.tell)
    with pytest.raises(Unreachable, match="does not answer: it is not running") as caught:
        await docker_kernels.backend.start(order, handle, docker_kernels.tell)
    assert "systemctl start docker" in caught.value.hint
    assert caught.value.cluster == "prod"
    assert (await docker_kernels.backend.inspect(handle)).alive is None


async def test_a_daemon_goes_and_comes_back_while_a_kernel_runs(docker_kernels, tmp_path):
    socket = tmp_path / "docker.sock"
    engine = docker_kernels.engine
    there = profile(tmp_path, host=f"unix://{socket}")
    backend = docker_kernels.backend
    async with docker_relay(engine.host, socket):
        kernel = await docker_kernels.start(profile=there)
        watching = asyncio.create_task(backend.watch(kernel.handle, docker_kernels.tell))
        assert (await backend.inspect(kernel.handle)).alive is True
    assert (await backend.inspect(kernel.handle)).alive is None
    assert not watching.done()
    async with kernel.client() as client:
        assert client.channels_running, "the kernel does not mind"
    async with docker_relay(engine.host, socket):
        assert (await backend.inspect(kernel.handle)).alive is True
        docker(engine.host, "kill", kernel.name)
        failure = await asyncio.wait_for(watching, 20)
        assert "stopped from outside" in failure.cause
        await backend.end(kernel.handle)
