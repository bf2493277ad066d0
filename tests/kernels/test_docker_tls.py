"""A Docker daemon on another machine: everything goes through TLS, nothing through files."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import Misconfigured, Untrusted
from jupyter_ext.kernels.docker_engine import Engine
from tests.fakes.certificates import Authority
from tests.fakes.docker_relay import docker_relay
from tests.kernels.docker_kernels import DockerKernels, printed, profile


@asynccontextmanager
async def remote(kernels: DockerKernels, directory: Path, **wishes) -> AsyncIterator[Profile]:
    """The daemon at a port that asks for certificates; ``wishes`` are of the profile."""
    authority = Authority(directory)
    context = authority.server()
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    client = str(authority.client())
    files = {"tls_ca": "ca.pem", "tls_cert": client, "tls_key": client}
    async with docker_relay(kernels.engine.host, context) as host:
        yield profile(directory, **({"host": host} | files | wishes))


async def test_a_kernel_runs_on_a_remote_daemon(docker_kernels: DockerKernels, tmp_path):
    docker_kernels.listen_to_containers()
    async with remote(docker_kernels, tmp_path) as there:
        kernel = await docker_kernels.start(profile=there)
        async with kernel.client() as client:
            said = await printed(
                client,
                "import os\nprint(os.popen('id -u; id -g; ls -l /run/jupyter-ext/secrets').read())",
            )
        inspected = docker_kernels.engine.run("inspect", kernel.name)
        condition = await docker_kernels.backend.inspect(kernel.handle)
        await docker_kernels.backend.end(kernel.handle)
        assert not (await docker_kernels.backend.inspect(kernel.handle)).alive
    uid, gid, _, secret = said.splitlines()[:4]
    assert (uid, gid) == ("1000", "1000")
    assert secret.startswith("-r-------- 1 1000 1000")
    assert json.loads(inspected)[0]["Mounts"] == []
    assert kernel.order.bootstrap["secret"] not in inspected
    assert (condition.alive, condition.host) == (True, "localhost")


async def test_the_hub_cannot_be_reached_from_there(docker_kernels: DockerKernels, tmp_path):
    async with remote(docker_kernels, tmp_path) as there:
        with pytest.raises(Misconfigured, match="could not call this server"):
            await docker_kernels.start(profile=there)


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"tls_cert": None}, "it wants a certificate of yours"),
        (
            {"tls_ca": "other/ca.pem"},
            "certificate signature failure",
        ),
    ],
)
async def test_one_side_does_not_trust_the_other(docker_kernels, tmp_path, wishes, reason):
    (tmp_path / "other").mkdir()
    Authority(tmp_path / "other")
    async with remote(docker_kernels, tmp_path, **wishes) as there:
        with pytest.raises(Untrusted, match=f"do not trust each other: {reason}") as caught:
            await docker_kernels.start(profile=there)
    assert "tls_ca, tls_cert and tls_key" in caught.value.hint
    assert caught.value.cluster == "prod"


async def test_the_pem_files_cannot_be_read(docker_kernels, tmp_path):
    async with remote(docker_kernels, tmp_path, tls_key="not-there.pem") as there:
        with pytest.raises(Misconfigured, match=r"PEM files .* cannot be read: .*No such file"):
            await docker_kernels.start(profile=there)


def test_where_the_daemon_is(tmp_path):
    engine = Engine.of(None, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (engine.host, engine.local, engine.hostname) == ("unix:///var/run/docker.sock", True, "")
    engine = Engine.of(None, {"DOCKER_HOST": "tcp://127.0.0.1:2375"})
    assert (engine.ca, engine.local, engine.hostname) == (None, False, "127.0.0.1")
    verified = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}
    engine = Engine.of(None, {"DOCKER_HOST": "tcp://far:2376"} | verified)
    assert (engine.ca, engine.cert, engine.key, engine.hostname) == (
        *("/certs/ca.pem", "/certs/cert.pem", "/certs/key.pem"),
        "far",
    )
    there = profile(tmp_path, host="unix:///srv/docker.sock")
    engine = Engine.of(there, {"DOCKER_HOST": "tcp://elsewhere:1"})
    assert (engine.host, engine.cluster) == ("unix:///srv/docker.sock", "prod")
    assert Engine(**json.loads(json.dumps(engine.to_json()))) == engine


@pytest.mark.parametrize(
    ("host", "message"),
    [("tcp://far:2375", "asked without TLS"), ("ssh://far", "is no address of a Docker daemon")],
)
def test_a_daemon_that_is_not_asked(host, message):
    with pytest.raises(Misconfigured, match=message) as caught:
        Engine.of(None, {"DOCKER_HOST": host})
    assert "kernels.docker" in caught.value.hint
