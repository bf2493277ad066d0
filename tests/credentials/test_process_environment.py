"""The server's own Kerberos library finds nobody's credentials; kernels find their owner's."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from jupyter_ext.clusters.carried import VARIABLE
from jupyter_ext.credentials import process_environment
from jupyter_ext.credentials.directory import TOKEN_FILE

SERVER = """
import os, subprocess, gssapi
from jupyter_ext.credentials import process_environment

def holder():
    try:
        return str(gssapi.Credentials(usage="initiate").name)
    except gssapi.raw.GSSError:
        return "nobody"

print(holder())
before = dict(os.environ)
process_environment.point_nowhere()
print(holder())
print(dict(os.environ) == before)
# A kernel gets a copy of os.environ, as jupyter_client and terminado make one.
print(subprocess.run(["klist"], env=os.environ.copy(), capture_output=True, text=True).stdout)
"""


async def test_a_forgotten_credential_is_missing_instead_of_somebodys(realm, kdc):
    await realm.login("alice@PROD.EXAMPLE.COM", "alice-password")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", SERVER],
        env={**os.environ, **kdc.client(realm.tickets)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first, second, unchanged, kernel = done.stdout.split("\n", 3)
    assert first == "alice@PROD.EXAMPLE.COM"
    assert second == "nobody"
    assert unchanged == "True"
    assert "Default principal: alice@PROD.EXAMPLE.COM" in kernel


def test_kernels_are_told_paths_and_nothing_is_left_behind(tmp_path):
    environ = {"PATH": "/bin"}
    process_environment.announce(tmp_path, environ)
    assert environ == {
        "PATH": "/bin",
        VARIABLE: str(tmp_path),
        TOKEN_FILE: str(tmp_path / "tokens"),
    }
    process_environment.withdraw(environ)
    assert environ == {"PATH": "/bin"}


def test_tokens_that_the_server_was_started_with_stay(tmp_path):
    environ = {TOKEN_FILE: "/yarn/container_tokens"}
    process_environment.announce(tmp_path, environ)
    process_environment.withdraw(environ)
    assert environ == {TOKEN_FILE: "/yarn/container_tokens"}
