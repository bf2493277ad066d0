"""Logins on the command line, and programs that use them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.fixture
def command(sandbox, private_runtime):
    """``jupyter cluster ...`` with a password on its standard input; exit status and output."""

    def run(*arguments: str, text: str = "", **environment: str):
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_ext.cli", *arguments],
            input=text,
            env={**sandbox.environment, "XDG_RUNTIME_DIR": str(private_runtime), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_login_whoami_logout(command, private_runtime):
    assert command("whoami", "prod")[1].count("not logged in") == 1
    code, said = command("login", "prod", "alice", text="alice-password\n")
    assert code == 0, said
    assert "alice@PROD.EXAMPLE.COM" in said
    assert "Alice Abel" in said
    assert "alice-password" not in said
    directory = private_runtime / "jupyter-ext" / "headless"
    assert str(directory) in said
    assert (directory / "prod" / "krb5cc").stat().st_mode & 0o777 == 0o600

    code, said = command("whoami", "--json")
    [prod] = [one for one in json.loads(said) if one["cluster"] == "prod"]
    assert (prod["user"], prod["state"]) == ("alice", "valid")
    assert {token["service"] for token in prod["tokens"]} == {"hdfs", "resourcemanager"}

    assert command("logout", "prod") == (0, "Logged out of prod.\n")
    assert {path.name for path in (directory / "prod").iterdir()} == {"conf", "ca.pem"}
    assert (directory / "tokens").read_bytes() == b"HDTS\0\0\0"
    assert command("logout") == (0, "Nobody was logged in.\n")


def test_a_refused_login_says_why_and_keeps_nothing(command, private_runtime):
    code, said = command("login", "prod", "alice", text="wrong\n")
    assert code == 1
    assert "Wrong password for alice@PROD.EXAMPLE.COM" in said
    code, said = command("login", "prod", "alice", text="\n")
    assert (code, "password is empty" in said) == (1, True)
    code, said = command("login", "prud", "alice", text="x\n")
    assert "Did you mean prod?" in said
    assert command("login", "dev") == (0, "dev wants no login.\n")
    left = [path for path in (private_runtime / "jupyter-ext").rglob("*") if path.is_file()]
    assert [path.name for path in left if "krb5cc" in path.name] == []


def test_a_second_login_keeps_the_first(command, sandbox, tmp_path, private_runtime):
    clusters = sandbox.config_dir / "clusters"
    config = tmp_path / "config"
    for name in ("prod", "again"):
        (config / "clusters").mkdir(parents=True, exist_ok=True)
        (config / "clusters" / name).symlink_to(clusters / "prod")
    own = {"JUPYTER_CONFIG_DIR": str(config)}
    assert command("login", "prod", "alice", text="alice-password\n", **own)[0] == 0
    assert command("login", "again", "bob", text="bob-password\n", **own)[0] == 0
    _, said = command("whoami", **own)
    assert "alice@PROD.EXAMPLE.COM" in said
    assert "bob@PROD.EXAMPLE.COM" in said
    assert command("logout", "again", **own) == (0, "Logged out of again.\n")
    assert "alice@PROD.EXAMPLE.COM" in command("whoami", **own)[1]


READ = """
import asyncio, sys
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.hadoop.clients import Hadoop

async def main():
    async with Hadoop.here(ProfileStore.from_jupyter_paths().get(sys.argv[1])) as hadoop:
        print((await hadoop.webhdfs.read(sys.argv[2])).decode())

asyncio.run(main())
"""


def test_our_clients_are_who_is_logged_in(command, sandbox, private_runtime):
    assert command("login", "prod", "bob", text="bob-password\n")[0] == 0
    environment = {**sandbox.environment, "XDG_RUNTIME_DIR": str(private_runtime)}
    own = subprocess.run(
        [sys.executable, "-c", READ, "prod", "/data/bob-only.csv"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "bob" in own.stdout
    other = subprocess.run(
        [sys.executable, "-c", READ, "prod", "/data/alice-only.csv"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Permission denied: user=bob" in other.stderr
