"""Spark on YARN, client mode, started by who has tokens and no ticket."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jupyter_ext.credentials.hdts import write_file_bytes
from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.hadoop.tokens import TokenDesk
from tests.hadoop_sandbox import Login


async def other_tokens(credentials: Path) -> bytes:
    """Get tokens that are not those of the login."""
    kernel = KernelCredentials(credentials)
    profile = kernel.clusters()["prod"].profile
    desk = TokenDesk.open(profile, kernel.auth(profile))
    minted = await desk.mint()
    await desk.aclose()
    return write_file_bytes({name: token for one in minted for name, token in one.tokens.items()})


@pytest.mark.timeout(700)  # PySpark may have to be fetched
async def test_executors_count_and_read_with_nothing_but_tokens(alice, sandbox, tmp_path):
    credentials = alice.login()
    later = tmp_path / "later"
    later.write_bytes(await other_tokens(credentials))
    (credentials / "prod" / "krb5cc").unlink()
    said = await asyncio.to_thread(alice.run, "yarn_session", credentials, str(later))

    assert said["ticket"] == ["no"]
    assert (said["counted"], said["digits"], said["executors"]) == (1000, 10, 1)
    assert said["own"] == "for alice's eyes only"
    assert "Permission denied: user=alice, access=READ" in said["other"]
    # A token that is replaced reaches the driver and the executors.
    assert "InvalidToken" in said["cancelled"]
    assert said["renewed"] == said["own"]

    rm = sandbox.resourcemanager("prod")
    login = Login(sandbox, "alice", tmp_path)
    status, found = login.rest("GET", f"{rm}/ws/v1/cluster/apps/{said['app']}")
    assert status == 200
    app = found["app"]
    assert (app["user"], app["applicationType"]) == (said["user"], "SPARK") == ("alice", "SPARK")
    assert app["finalStatus"] == "SUCCEEDED"
