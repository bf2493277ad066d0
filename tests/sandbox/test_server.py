"""The sandbox from Lab: what the panel asks, and what it gets."""

from __future__ import annotations

import json

import pytest

from jupyter_ext.sandbox import watch
from jupyter_ext.sandbox.control import SandboxControl
from jupyter_ext.sandbox.models import SandboxStatus
from tests.conftest import eventually
from tests.sandbox.conftest import leftovers


@pytest.fixture
def environment(monkeypatch):
    """Let this process and its children see a sandbox."""

    def use(sandbox) -> None:
        monkeypatch.delenv(watch.VARIABLE)
        for key, value in sandbox.environment.items():
            if key.startswith("JUPYTER_") or key == "XDG_CACHE_HOME":
                monkeypatch.setenv(key, value)

    return use


async def test_a_start_is_watched_and_called_off(own, environment):
    environment(own)
    control = SandboxControl()
    assert (await control.status()).state == "stopped"
    status = await control.start()
    assert status.state == "starting"

    async def recorded() -> bool:
        status = await control.status()
        assert status.state == "starting"
        return any(daemon.name == "dev" for daemon in status.daemons)

    await eventually(recorded)
    assert " s  prod: KDC and LDAP server answer" in await eventually(
        lambda: (own.directory / "log" / "up.log").read_text()
    )
    assert (await control.start()).state == "starting"
    stopped = await control.stop()
    assert (stopped.state, stopped.message) == ("stopped", "")
    assert leftovers(own.directory) == []


async def test_a_start_that_fails_says_why(own, environment, monkeypatch):
    environment(own)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    control = SandboxControl()
    await control.start()

    async def failed() -> SandboxStatus | None:
        status = await control.status()
        return status if status.state == "failed" else None

    status = await eventually(failed)
    assert status.message.startswith("The sandbox needs the Debian packages default-jdk-headless")
    assert "maven" in status.missing


async def test_rest(sandbox, environment, jp_fetch):
    environment(sandbox)
    reply = await jp_fetch("jupyter-ext", "sandbox")
    status = SandboxStatus.model_validate_json(reply.body)
    assert status.state == "running"
    assert {cluster.name for cluster in status.clusters} == {"dev", "prod", "stage"}
    reply = await jp_fetch("jupyter-ext", "sandbox", method="POST", body="{}")
    assert json.loads(reply.body)["state"] in ("starting", "running")

    async def running() -> bool:
        reply = await jp_fetch("jupyter-ext", "sandbox")
        return json.loads(reply.body)["state"] == "running"

    await eventually(running)
    assert sandbox.status().state == "running"
