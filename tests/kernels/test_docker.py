"""Kernels in Docker containers: what they get, and what they don't."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile
from pathlib import Path

import pytest

from jupyter_ext.errors import Misconfigured
from jupyter_ext.kernels.agent_archive import agent_archive
from jupyter_ext.kernels.docker import DockerBackend, Nature
from jupyter_ext.kernels.docker_container import HOME
from jupyter_ext.kernels.docker_engine import Engine
from tests.conftest import eventually
from tests.kernels.docker_kernels import DockerKernels, printed, profile


async def test_a_kernel_runs_confined_and_knows_no_secret(docker_kernels, monkeypatch):
    monkeypatch.setenv("SERVER_SECRET", "of the server alone")
    kernel = await docker_kernels.start(
        memory_mb=512, vcores=1, shm_mb=80, network="none", profile=None
    )
    async with kernel.client() as client:
        said = await printed(
            client,
            "import os, json\n"
            "status = dict(l.split(':', 1) for l in open('/proc/self/status'))\n"
            "shm = os.statvfs('/dev/shm')\n"
            "print(json.dumps([dict(os.environ), status['CapEff'].strip(),\n"
            "  status['NoNewPrivs'].strip(), os.getuid(), os.getcwd(),\n"
            "  os.listdir('/sys/class/net'), shm.f_blocks * shm.f_frsize >> 20]))",
        )
        shell = await printed(
            client,
            "print(os.popen('touch /run/jupyter-ext/secrets/x 2>&1;'\n"
            "  ' echo kept > ~/kept; cat ~/kept; ls /tmp/jx*/hub 2>&1').read())",
        )
    environment, capabilities, no_new_privileges, uid, cwd, networks, shm = json.loads(said)
    assert "SERVER_SECRET" not in environment
    assert (capabilities, no_new_privileges) == ("0" * 16, "1")
    assert (uid, cwd, networks, shm) == (os.getuid(), HOME, ["lo"], 80)
    assert "Read-only file system" in shell
    assert "kept" in shell
    assert "z-" not in shell, "sockets of kernels are within reach"

    said = docker_kernels.engine.run("inspect", kernel.name)
    assert kernel.order.bootstrap["secret"] not in said
    assert "of the server alone" not in said
    [inspected] = json.loads(said)
    host = inspected["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 512 * 2**20
    assert (host["NanoCpus"], host["PidsLimit"], host["Init"]) == (10**9, 4096, True)
    assert inspected["Config"]["Labels"] == {
        "jupyter-ext.owner": docker_kernels.owner,
        "jupyter-ext.kernel-id": kernel.order.kernel_id,
        "jupyter-ext.title": "Python on prod",
    }
    assert kernel.name == f"jupyter-ext-{kernel.order.kernel_id}"


async def test_it_is_found_and_seen_and_ended(docker_kernels: DockerKernels):
    backend = docker_kernels.backend
    kernel = await docker_kernels.start()
    # Whoever finds it needs nothing but a backend.
    [found] = await backend.find(docker_kernels.owner)
    assert (found.kernel_id, found.handle) == (kernel.order.kernel_id, kernel.handle)
    assert (found.title, found.owner) == ("Python on prod", docker_kernels.owner)
    assert await backend.find("somebody else") == []
    assert (await backend.inspect(json.loads(json.dumps(found.handle)))).alive is True

    # The same again finds it there.
    await backend.start(kernel.order, kernel.handle, docker_kernels.tell)
    assert len(await backend.find(docker_kernels.owner)) == 1

    watching = asyncio.create_task(backend.watch(kernel.handle, docker_kernels.tell))
    kernel.attachment.tell({"type": "stop", "grace_s": 1})
    failure = await asyncio.wait_for(watching, 20)
    assert failure.cause == "The kernel's container has ended by itself."
    assert "The agent ends" in failure.diagnostics
    assert "The agent ends" in await backend.logs(kernel.handle, 5)
    assert (await backend.inspect(kernel.handle)).alive is False

    place = docker_kernels.directory / "docker" / kernel.order.kernel_id
    assert place.exists()
    await backend.end(kernel.handle)
    await backend.end(kernel.handle)
    assert not place.exists()
    gone = await backend.inspect(kernel.handle)
    assert gone.alive is False
    assert "removed from outside" in gone.failure.cause
    assert await backend.logs(kernel.handle, 5) == ""


async def test_volumes_and_a_user_of_ones_own(docker_kernels: DockerKernels, tmp_path):
    data, name = tmp_path / "data", f"{docker_kernels.owner}-volume"
    data.mkdir()
    (data / "in").write_text("from outside")
    tmp_path.chmod(0o755)
    wheel = "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(data / wheel, "w") as archive:
        archive.writestr("thing.py", "found = 'installed'")
        archive.writestr("thing-1.0.dist-info/METADATA", "Name: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")
    docker_kernels.engine.run("volume", "create", name)
    try:
        # Somebody else cannot use a socket of ours.
        docker_kernels.listen_to_containers()
        kernel = await docker_kernels.start(
            profile=profile(tmp_path, user="1234:4321"),
            volumes=[f"{data}:/data:ro", f"{name}:/kept"],
        )
        async with kernel.client() as client:
            said = await printed(
                client, "import os\nprint(os.popen('id; cat /data/in; touch /data/x 2>&1').read())"
            )
            # What is installed in a running container, the kernel has.
            await printed(client, f"!pip install --no-index /data/{wheel}")
            assert await printed(client, "import thing; print(thing.found)") == "installed\n"
        await docker_kernels.backend.end(kernel.handle)
        assert name in docker_kernels.engine.run("volume", "ls", "--quiet")
    finally:
        docker_kernels.engine.run("volume", "rm", name)
    assert "uid=1234 gid=4321" in said
    assert "from outside" in said
    assert "Read-only" in said


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15, 0.3])
async def test_a_start_given_up_at_any_moment_leaves_nothing(
    docker_kernels: DockerKernels, seconds
):
    order = docker_kernels.order()
    handle = await docker_kernels.prepared(order)
    start = asyncio.create_task(docker_kernels.backend.start(order, handle, docker_kernels.tell))
    await asyncio.wait([start], timeout=seconds)
    start.cancel()
    await asyncio.wait([start])
    await docker_kernels.backend.end(handle)
    assert await docker_kernels.backend.find(docker_kernels.owner) == []
    assert list((docker_kernels.directory / "docker").glob("*")) == []


async def test_a_start_is_resumed_where_a_killed_server_left_it(docker_kernels: DockerKernels):
    order = docker_kernels.order()
    handle = await docker_kernels.prepared(order)
    assert (await docker_kernels.backend.inspect(handle)).alive is False
    # The container was made, and the server killed before it had started it.
    await docker_kernels.backend.start(order, handle, docker_kernels.tell)
    made = json.loads(docker_kernels.engine.run("inspect", handle["container"]))[0]
    docker_kernels.engine.run("rm", "--force", handle["container"])
    labels = [f"--label={key}={value}" for key, value in made["Config"]["Labels"].items()]
    mounts = [f"--volume={mount['Source']}:{mount['Destination']}:ro" for mount in made["Mounts"]]
    entrypoint, *rest = made["Config"]["Entrypoint"]
    docker_kernels.engine.run(
        *("create", "--name", handle["container"], *labels, *mounts),
        *("--entrypoint", entrypoint, docker_kernels.engine.image, *rest),
    )
    condition = await docker_kernels.backend.inspect(handle)
    assert condition.alive is False
    assert "never started" in condition.failure.cause
    await docker_kernels.backend.start(order, handle, docker_kernels.tell)

    async def alive() -> bool:
        return bool((await docker_kernels.backend.inspect(handle)).alive)

    await eventually(alive)


async def test_an_r_kernel_runs(docker_kernels: DockerKernels):
    kernel = await docker_kernels.start(image=docker_kernels.engine.r_image)
    argv = ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]
    async with kernel.client(argv) as client:
        assert await printed(client, "1+1") == "[1] 2"
        assert "R version" in await printed(client, "cat(R.version.string)")


async def test_a_bash_kernel_runs(docker_kernels: DockerKernels):
    kernel = await docker_kernels.start()
    argv = ["{python}", "-m", "bash_kernel", "-f", "{connection_file}"]
    async with kernel.client(argv) as client:
        assert await printed(client, "echo $((1+1)) in $HOME") == f"2 in {HOME}\n"


async def test_somebody_else_cannot_use_our_socket(docker_kernels: DockerKernels, tmp_path):
    with pytest.raises(Misconfigured, match="could not call this server") as caught:
        await docker_kernels.start(profile=profile(tmp_path, user="1234:4321"))
    assert "JupyterExtApp.hub_listen" in caught.value.hint
    assert await docker_kernels.backend.find(docker_kernels.owner) == []


async def test_the_daemon_does_not_see_our_files(
    docker_kernels: DockerKernels, tmp_path, monkeypatch
):
    """As if this process were in a container itself, with the daemon's socket mounted."""
    monkeypatch.chdir(tmp_path)
    here = Path("/proc/self/cwd/docker")  # another directory for each process
    docker_kernels.backend = DockerBackend(here, agent_archive)
    with pytest.raises(Misconfigured, match="could not call this server"):
        await docker_kernels.start()
    docker_kernels.listen_to_containers()
    kernel = await docker_kernels.start()
    [inspected] = json.loads(docker_kernels.engine.run("inspect", kernel.name))
    assert (inspected["Mounts"], inspected["Config"]["User"]) == ([], "1000:1000")
    assert os.listdir("docker") == []


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ("name=seccomp,profile=default", (os.geteuid(), os.getegid())),
        ("name=seccomp,profile=default name=rootless", (0, 0)),
        ("name=seccomp,profile=default name=userns", None),
        ("name=selinux", None),
    ],
)
def test_who_we_are_in_containers(options, user):
    assert Nature.of(Engine("unix:///x"), options).user == user
    assert Nature.of(Engine("tcp://localhost:1"), options).user is None


async def test_no_image_is_named(docker_kernels: DockerKernels):
    with pytest.raises(Misconfigured, match="No image is named") as caught:
        await docker_kernels.prepared(docker_kernels.order(image=""))
    assert "[kernels.docker]" in caught.value.hint
