"""%cluster against real clusters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import eventually
from tests.hadoop_sandbox import app_state


@pytest.fixture
def clusters(shell, sandbox, monkeypatch):
    """A shell that sees the sandbox's profiles."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(sandbox.config_dir))
    shell.run("%reload_ext jupyter_ext")
    return shell


def test_status_of_one(clusters, sandbox):
    clusters.run("%cluster use dev")
    text = clusters.text("%cluster status")
    assert text.startswith("dev: up\nmemory")
    assert f"active at {sandbox.resourcemanager('dev')}" in text
    assert f"active at {sandbox.namenode('dev')}" in text
    assert "root.small" in text
    assert "20 %" in text


def test_status_of_all_with_one_that_wants_a_login(clusters):
    rows = {line.split()[0]: line for line in clusters.text("%cluster status").splitlines()[1:]}
    assert rows["dev"].split()[1] == "up"
    assert rows["stage"].split()[1] == "up"
    assert rows["prod"].split()[1:3] == ["login", "needed"]
    assert "Kerberos ticket" in rows["prod"]


@pytest.mark.parametrize("command", ["status", "apps"])
def test_login_needed_is_an_answer_and_no_error(clusters, command):
    assert clusters.text(f"%cluster {command} prod").startswith("prod: login needed. ")


async def test_apps_say_why_they_wait(clusters, sandbox):
    with (
        sandbox.application(queue="small"),
        sandbox.application(queue="small") as second,
    ):
        rm = sandbox.resourcemanager("dev")
        await eventually(lambda: "AM resource limit" in app_state(rm, second)["diagnostics"])
        lines = clusters.text("%cluster apps dev").splitlines()
        assert lines[0].split()[0] == "application"
        [line] = [line for line in lines if second in line]
        assert "ACCEPTED" in line
        assert "root.small for ApplicationMasters is used up" in line


async def test_apps_say_why_they_failed(clusters, sandbox):
    with sandbox.application(command="echo no input >&2; exit 3") as app:
        rm = sandbox.resourcemanager("dev")
        await eventually(lambda: app_state(rm, app)["state"] == "FAILED")
        [line] = [line for line in clusters.text("%cluster apps dev").splitlines() if app in line]
        assert line.endswith("Ended with exit code 3: no input")


def test_doctor(clusters):
    lines = clusters.text("%cluster doctor dev").splitlines()
    assert lines[0].startswith("dev: nothing failed (")
    checks = {line.split()[1] for line in lines[2:]}
    assert {"profile", "dns", "tcp", "resourcemanager", "namenode"} <= checks


def test_a_client_of_the_old_cluster_is_named_by_the_switch(clusters):
    clusters.run(
        "%cluster use dev\n"
        "from jupyter_ext.clusters.current import current\n"
        "from jupyter_ext.hadoop.clients import Hadoop\n"
        "hadoop = Hadoop.here(current())"
    )
    text = clusters.text("%cluster use stage")
    assert "Still on another cluster: hadoop is a client of dev." in text
    assert "Now on stage as alice" in text
    clusters.run("await hadoop.aclose()")


def test_krb5_conf_of_a_kerberos_cluster_is_set(clusters, sandbox):
    clusters.run("%cluster use prod")
    printed = clusters.run("!printenv KRB5_CONFIG").stdout.strip()
    assert Path(printed) == sandbox.krb5_conf
