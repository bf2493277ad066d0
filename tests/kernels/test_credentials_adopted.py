"""A kernel that is adopted keeps the logins of which its new server knows nothing."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import eventually
from tests.kernels import served
from tests.kernels.served import evaluate, start, until
from tests.server_process import server_process

WHO = """
import os, pathlib
from jupyter_ext.credentials.hdts import read_file_bytes
from jupyter_ext.credentials.kernel import KernelCredentials
found = KernelCredentials.here()
who = {name: one.user for name, one in found.identities().items() if one.principal}
tickets = sorted(path.parent.name for path in found.path.glob("*/krb5cc"))
tokens = read_file_bytes((found.path / "tokens").read_bytes())[0]
print(sorted(who.items()), tickets, bool(tokens))
"""
READ = """
import os
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.hadoop.clients import Hadoop
for name, who in (("prod", "alice"), ("again", "bob")):
    async with Hadoop.here(ProfileStore.from_jupyter_paths().get(name)) as hadoop:
        print((await hadoop.webhdfs.read(f"/data/{who}-only.csv")).decode().splitlines()[-1])
"""
BOTH = "[('again', 'bob'), ('prod', 'alice')] ['again', 'prod'] True\n"
NOBODY = "[] [] False\n"


async def login(server, cluster, user):
    async with server.client() as client:
        body = {"user": user, "password": f"{user}-password"}
        reply = await client.post(f"jupyter-ext/credentials/{cluster}/login", json=body)
        assert reply.is_success, reply.text


async def logout(server, cluster=""):
    async with server.client() as client:
        address = f"jupyter-ext/credentials/{cluster}".rstrip("/")
        assert (await client.delete(address)).is_success


async def says(server, kernel_id, wanted):
    async def said():
        return await evaluate(server, kernel_id, WHO) == wanted

    await eventually(said)


@pytest.mark.timeout(180)
async def test_a_login_to_one_cluster_takes_no_other_from_an_adopted_kernel(sandbox, kernels_root):
    clusters = kernels_root / "config" / "clusters"
    shutil.copytree(sandbox.config_dir / "clusters", clusters)
    shutil.copytree(clusters / "prod", clusters / "again")
    environment = {"JUPYTER_CONFIG_DIR": str(kernels_root / "config")}
    async with server_process(kernels_root, environment) as server:
        kernel_id = (await start(server))["kernel"]["id"]
        await until(server, kernel_id, "idle")
        await login(server, "prod", "alice")
        await login(server, "again", "bob")
        await says(server, kernel_id, BOTH)
        await served.kill(server)

    async with server_process(kernels_root, environment) as server:
        await until(server, kernel_id, "idle")
        await says(server, kernel_id, BOTH)
        await login(server, "again", "bob")
        await says(server, kernel_id, BOTH)
        assert await evaluate(server, kernel_id, READ) == (
            "for alice's eyes only\nfor bob's eyes only\n"
        )
        await logout(server, "prod")
        await says(server, kernel_id, "[('again', 'bob')] ['again'] True\n")
        await served.kill(server)

    async with server_process(kernels_root, environment) as server:
        await until(server, kernel_id, "idle")
        await says(server, kernel_id, "[('again', 'bob')] ['again'] True\n")
        await logout(server)
        await says(server, kernel_id, NOBODY)
        await served.end_all(server)
