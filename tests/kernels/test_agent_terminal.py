"""Terminals beside a kernel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from jupyter_ext_agent.tree import below

from tests.fakes.plain_hub import plain_hub
from tests.kernels.agents import running_agent
from tests.kernels.test_agent_ends import gone

BASH = {
    "channel": "terminal",
    "argv": ["/bin/bash", "--norc", "--noediting", "-i"],
    "rows": 24,
    "columns": 80,
}
SIZES = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"


@pytest.fixture
def hub(tmp_path):
    with plain_hub(tmp_path) as hub:
        yield hub


@pytest.fixture
def agent(tmp_path, hub):
    # No profile of the person who runs the tests.
    with running_agent(tmp_path, hub, HOME=str(tmp_path), SHELL="/bin/bash") as agent:
        yield agent


def test_job_control(agent, hub):
    terminal = hub.open(**BASH)
    terminal.send(b"sleep 1000\n")
    hub.wait(lambda: has_child(agent.process.pid, "sleep"), lambda: "sleep")
    terminal.send(b"\x03")
    terminal.send(b"echo code $?\n")
    terminal.until(b"code 130")
    terminal.send(b"sleep 1000\n")
    hub.wait(lambda: has_child(agent.process.pid, "sleep"), lambda: "sleep")
    terminal.send(b"\x1a")
    terminal.until(b"Stopped")
    terminal.send(b"bg\njobs\n")
    terminal.until(b"Running")


def has_child(root: int, name: str) -> bool:
    return any(Path(f"/proc/{p.pid}/comm").read_text().strip() == name for p in below(root))


def test_a_new_size_reaches_programs(agent, hub):
    terminal = hub.open(**BASH | {"argv": ["/bin/sh", "-c", SIZES]})
    terminal.until(b"ready")
    hub.tell(type="resize", stream=terminal.number, rows=50, columns=132)
    terminal.until(b"50 132")


def test_the_end_of_the_stream_ends_the_programs(agent, hub):
    terminal = hub.open(**BASH)
    terminal.send(b"sleep 1000 & sleep 1001 | cat & echo pids $$ $! $(jobs -p) over\n")
    printed = terminal.until(b"over\r\n") + terminal.until(b"over\r\n")
    pids = [int(word) for word in printed.split() if word.isdigit() and int(word) > 1001]
    assert len(pids) >= 3
    terminal.close()
    gone(*pids)
    assert hub.request(type="logs", lines=1)["error"] is None


def test_it_starts_where_the_kernel_does_and_has_a_home(tmp_path, hub):
    with running_agent(tmp_path, hub) as agent:
        script = 'touch "$HOME/mine" && cd && pwd; sleep 1000'
        agent.launch("/bin/sh", "-c", script, cwd=str(tmp_path), env={"HOME": "/nowhere"})
        home = hub.heard("log")["text"].strip()
        assert home == hub.heard("agent")["directory"] + "/home"
        terminal = hub.open(**BASH)
        terminal.send(b"pwd; ls $HOME\n")
        terminal.until(f"{tmp_path}\r\nmine\r\n".encode())


def test_a_shell_finds_the_programs_of_the_kernel_first(agent, hub):
    agent.launch(sys.executable, "-c", "import time; time.sleep(1000)", env={"ASKED": "yes"})
    terminal = hub.open(channel="terminal", rows=24, columns=200)
    terminal.send(b"echo $ASKED ${PATH%%:*} $-; exit\n")
    assert f"yes {os.path.dirname(sys.executable)} " in terminal.ended().decode()


def test_more_output_than_anybody_reads_waits(agent, hub):
    terminal = hub.open(**BASH)
    terminal.send(b"head -c 1500000 /dev/zero | tr '\\0' x; echo; echo 'o'ver\n")
    terminal.until(b"\r\nover")


def test_a_program_that_is_not_there(agent, hub):
    terminal = hub.open(channel="terminal", argv=["/no/such/shell"], rows=24, columns=80)
    assert b"/no/such/shell" in terminal.ended()
