"""An agent in a YARN container that is not the ApplicationMaster's: no ResourceManager is asked."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys

import pytest
from jupyter_ext_agent.yarn import container, token_file
from jupyter_ext_agent.yarn.token_file import Credentials

from tests.fakes.plain_hub import plain_hub
from tests.kernels.agents import agent_command
from tests.kernels.test_agent_ends import is_gone


@pytest.fixture
def hub(tmp_path):
    with plain_hub(tmp_path) as hub:
        yield hub


@pytest.fixture
def worker(tmp_path, hub):
    secret = {token_file.BOOTSTRAP: json.dumps(hub.bootstrap()).encode()}
    tokens = tmp_path / "container_tokens"
    tokens.write_bytes(token_file.write(Credentials({}, secret)))
    task = json.dumps({"role": container.WORKER}).encode()
    environment = {
        "HADOOP_TOKEN_FILE_LOCATION": str(tokens),
        container.VARIABLE: base64.b64encode(task).decode(),
        "PATH": os.environ["PATH"],
    }
    archive = agent_command(tmp_path, hub)[3]
    process = subprocess.Popen([sys.executable, archive, "--yarn"], env=environment, cwd=tmp_path)
    yield process
    process.kill()
    process.wait()


def test_it_finds_the_hub_by_the_token_file(tmp_path, hub, worker):
    assert hub.heard("agent")["backend"] == "yarn"
    hub.request(type="credentials", files={"clusters.json": "e30="})
    written = tmp_path / "jupyter-ext-credentials"
    assert (written / "clusters.json").read_text() == "{}"
    hub.tell(type="stop", grace_s=1)
    assert worker.wait(20) == 0
    assert not written.exists()


def test_the_kernel_is_gone_before_a_nodemanager_kills(hub, worker):
    hub.heard("agent")
    stubborn = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]
    hub.request(type="launch", argv=stubborn, connection={})
    pid = hub.heard("kernel", state="running")["pid"]
    worker.send_signal(signal.SIGTERM)
    hub.heard("ended")
    assert is_gone(pid)
    assert worker.wait(20) == 0


def test_a_container_without_a_task_says_so(tmp_path, hub):
    archive = agent_command(tmp_path, hub)[3]
    done = subprocess.run(
        [sys.executable, archive, "--yarn"], env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "environment lacks" in done.stderr
