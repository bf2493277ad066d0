"""A sandbox that ends when somebody else has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_ext.sandbox import watch
from jupyter_ext.sandbox.processes import Processes
from tests.conftest import eventually
from tests.hadoop_sandbox import COMMAND, rest
from tests.sandbox.conftest import leftovers

UP = ("up", "--only", "dev")
SESSION = """
import os
from pathlib import Path
from tests.hadoop_sandbox import RunningSandbox

def test_that_is_interrupted():
    RunningSandbox.below(Path(os.environ["ROOT"])).run("up", "--only", "dev")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def stranger():
    """A process that does nothing."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def ended(own) -> bool:
    """Whether all is over, also the ``down`` that saw to it."""
    over = own.status().state == "stopped" and leftovers(own.directory) == []
    return over and Processes(own.directory, "").all() == []


def run_session(own, folder: Path) -> subprocess.CompletedProcess[str]:
    """A session of tests with this project's fixtures."""
    checkout = Path(__file__).parents[2]
    (folder / "test_session.py").write_text(SESSION)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", os.devnull]
    return subprocess.run(
        [*command, "--rootdir", folder, folder],
        cwd=checkout,
        env={**own.environment, "PYTHONPATH": str(checkout), "ROOT": str(own.directory.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def begin(own, pid: int) -> subprocess.Popen[bytes]:
    """``up`` in the background."""
    return subprocess.Popen(
        [*COMMAND, *UP, "--until-exit", str(pid)],
        env=own.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def test_a_session_of_tests_that_is_killed_takes_its_clusters_along(own, tmp_path):
    killed = run_session(own, tmp_path)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert own.status().clusters[0].ready_s > 0
    await eventually(lambda: ended(own))


async def test_a_start_that_outlives_its_master_is_called_off(own, stranger):
    up = begin(own, stranger.pid)
    await eventually((own.directory / "run" / "dev").exists)
    stranger.kill()
    assert up.wait(timeout=60) == 130
    await eventually(lambda: ended(own))


async def test_the_last_master_counts_and_is_no_daemon(own, stranger):
    own.run(*UP)
    first = Processes(own.directory, "").get(watch.NAME)
    own.run(*UP, "--until-exit", str(stranger.pid))
    assert not first.alive
    assert [daemon.name for daemon in own.status().daemons] == ["dev"]
    assert rest("GET", f"{own.resourcemanager('dev')}/ws/v1/cluster/info")["clusterInfo"]
    stranger.kill()
    await eventually(lambda: ended(own))


def test_down_ends_the_watching_too(own, stranger):
    own.run(*UP, "--until-exit", str(stranger.pid))
    watching = Processes(own.directory, "").get(watch.NAME)
    assert watching.alive
    own.run("down")
    assert not watching.alive


def test_nobody_can_be_waited_for_who_is_gone(own, stranger):
    stranger.kill()
    stranger.wait(timeout=10)
    failed = own.run(*UP, "--until-exit", str(stranger.pid), check=False)
    assert (failed.returncode, failed.stderr) == (
        1,
        f"jupyter cluster: There is no process {stranger.pid}.\n",
    )
