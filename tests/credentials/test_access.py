"""As whom clusters are asked, and whom they are not shown to."""

from __future__ import annotations

import shutil
import sys

import pytest

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.broker import Broker
from jupyter_ext.credentials.logins import prover
from jupyter_ext.credentials.runtime import RuntimeDirectory
from jupyter_ext.errors import Forbidden, LoginNeeded
from jupyter_ext.hadoop.access import LoggedIn
from jupyter_ext.status.poller import poll_once
from tests.conftest import eventually

PROGRAM = """
import json, sys
asked = json.load(sys.stdin)
print(json.dumps({"user": "bob", "password": "bob-password"}))
"""


@pytest.fixture
def layer(sandbox, tmp_path):
    """The sandbox's profiles, to be changed."""
    shutil.copytree(sandbox.config_dir / "clusters", tmp_path / "clusters")
    return tmp_path / "clusters"


def add(layer, name: str, toml: str, table: str | None = None) -> None:
    """Add lines to a profile's cluster.toml: at its top, or as a table of their own."""
    path = layer / name / "cluster.toml"
    path.write_text(f"{toml}\n{path.read_text()}" + (f"\n{table}\n" if table else ""))


@pytest.fixture
def broker(tmp_path, layer, jp_asyncio_loop):
    runtime = RuntimeDirectory(tmp_path / "runtime")
    made = Broker(ProfileStore([("user", layer)]), runtime, prover=prover)
    yield made
    jp_asyncio_loop.run_until_complete(made.close())
    runtime.close()


def status(broker, name: str, user: str = "ann"):
    return poll_once(broker._profiles.get(name), LoggedIn(broker, user))


async def known(broker, name: str, user: str = "ann"):
    async def looked_up():
        return (await broker.identity(user, name)).account

    return await eventually(looked_up)


async def test_a_cluster_for_some_groups_is_shown_to_their_members_only(broker, layer):
    add(layer, "prod", 'allowed_groups = ["analysts"]')
    await broker.login("ann", "prod", "alice", "alice-password")
    await broker.login("cleo", "prod", "carol", "carol-password")
    assert (await known(broker, "prod", "ann")).groups == ["analysts"]
    assert (await known(broker, "prod", "cleo")).groups == ["engineers"]
    assert (await status(broker, "prod", "ann")).state == "up"
    refused = await status(broker, "prod", "cleo")
    assert refused.yarn is None
    assert refused.apps == []
    assert "only for members of analysts, and carol is in none of them" in refused.reason


async def test_groups_that_nobody_tells_open_nothing(broker, layer):
    path = layer / "prod" / "cluster.toml"
    text = path.read_text()
    path.write_text(f'allowed_groups = ["analysts"]\n{text.replace("ldaps://", "ldaps://no.")}')
    await broker.login("ann", "prod", "alice", "alice-password")
    account = await known(broker, "prod")
    assert account.error is not None
    with pytest.raises(Forbidden, match="yours are not known"):
        await LoggedIn(broker, "ann").open(broker._profiles.get("prod"))


async def test_a_directory_opens_a_cluster_that_believes_names(broker, layer):
    prod = (layer / "prod" / "cluster.toml").read_text()
    ldap = prod[prod.index("[ldap]") :].partition("\n[")[0]
    add(layer, "dev", "", ldap)
    shutil.copy(layer / "prod" / "ca.pem", layer / "dev" / "ca.pem")
    access = LoggedIn(broker, "ann")
    dev = broker._profiles.get("dev")
    assert access.identity(dev).needed
    with pytest.raises(LoginNeeded, match="wants you to log in to localhost"):
        await access.open(dev)
    identity = await broker.login("ann", "dev", "bob", "bob-password")
    assert (identity.user, identity.expires_at) == ("bob", None)
    assert identity.account is None or identity.account.display_name == "Bob Baker"
    async with await access.open(dev) as hadoop:
        said = await hadoop.connection.get_json(
            f"{dev.endpoints.namenodes[0].url}/webhdfs/v1/", {"op": "GETHOMEDIRECTORY"}
        )
    assert said == {"Path": "/user/bob"}


async def test_a_credential_program_takes_the_place_of_a_person(broker, layer, tmp_path):
    script = tmp_path / "vault.py"
    script.write_text(PROGRAM)
    text = (layer / "prod" / "cluster.toml").read_text()
    assert "[auth]" not in text
    add(layer, "prod", "", f'[auth]\nprogram = ["{sys.executable}", "{script}"]')
    found = await status(broker, "prod")
    assert found.state == "up"
    identity = await broker.identity("ann", "prod")
    assert (identity.user, identity.method, identity.interactive) == ("bob", "program", False)


async def test_clients_that_are_still_open_at_a_logout_are_nobodys(broker):
    await broker.login("ann", "prod", "alice", "alice-password")
    async with await LoggedIn(broker, "ann").open(broker._profiles.get("prod")) as hadoop:
        for _ in range(2):  # by ticket, then by the daemon's cookie
            await hadoop.resourcemanager.metrics()
        await broker.logout("ann")
        with pytest.raises(LoginNeeded):
            await hadoop.resourcemanager.metrics()
