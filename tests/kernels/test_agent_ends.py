"""How kernels and agents end, and what is left then: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.fakes.plain_hub import plain_hub
from tests.kernels.agents import agent_command, running_agent

FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "1000"])
stranger = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print("pids", os.getpid(), child.pid, stranger.pid, flush=True)
time.sleep(1000)
"""


@pytest.fixture
def hub(tmp_path):
    with plain_hub(tmp_path) as hub:
        yield hub


@pytest.fixture
def agent(tmp_path, hub):
    with running_agent(tmp_path, hub) as agent:
        yield agent


def is_gone(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] == "Z"


def gone(*pids: int) -> None:
    """Wait until processes are no more."""
    deadline = time.monotonic() + 10
    while left := [pid for pid in pids if not is_gone(pid)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.01)


def family(agent) -> list[int]:
    """Start a kernel with a child and with a child in a session of its own."""
    agent.launch("{python}", "-c", FAMILY)
    text = agent.hub.heard("log")["text"]
    return [int(word) for word in text.split()[1:]]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_agent_and_all_below_it(agent, hub, signum):
    pids = family(agent)
    agent.process.send_signal(signum)
    assert signal.Signals(signum).name in hub.heard("ended")["reason"]
    assert agent.ended() == 0
    gone(*pids)


def test_a_kernel_never_outlives_its_agent(agent):
    pids = family(agent)
    agent.process.kill()
    agent.ended()
    gone(pids[0])
    for pid in pids[1:]:  # nobody is left who could end these
        os.kill(pid, signal.SIGKILL)


def test_a_restart_ends_what_the_kernel_started(agent, hub):
    pids = family(agent)
    hub.request(type="restart")
    hub.heard("kernel", starts=2)
    gone(*pids)


def test_a_kernel_that_ignores_sigterm_is_killed(agent, hub):
    started = agent.launch("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
    hub.request(type="restart", grace_s=0.1)
    assert hub.heard("kernel", starts=1, state="exited")["exit"]["signal"] == signal.SIGKILL
    hub.heard("kernel", starts=2)
    gone(started["pid"])
    hub.tell(type="stop", grace_s=0)
    assert agent.ended() == 0


def test_nothing_is_left_of_a_kernel_that_was_killed(agent, hub):
    kernel, child, stranger = family(agent)
    os.kill(kernel, signal.SIGKILL)
    gone(kernel, child)
    assert not is_gone(stranger), "it asked for a life of its own, which ends with the agent's"
    hub.tell(type="stop", grace_s=1)
    assert agent.ended() == 0
    gone(stranger)


def test_a_kernel_that_was_killed_is_reported_and_can_be_started_again(agent, hub):
    started = agent.launch("/bin/sh", "-c", "echo one; echo two >&2; exec sleep 1000")
    hub.heard("log")
    os.kill(started["pid"], signal.SIGKILL)
    report = hub.heard("kernel", state="exited")["exit"]
    assert report["signal"] == signal.SIGKILL
    assert report["code"] is None
    assert "probably because memory ran out" in report["cause"]
    assert report["lines"] == ["one", "two"]
    assert agent.launch("/bin/sleep", "1000")["starts"] == 2
    assert agent.process.poll() is None


def test_the_same_launch_again_changes_nothing(agent, hub):
    started = agent.launch("/bin/sleep", "1000")
    again = {"type": "launch", "argv": ["/bin/sleep", "1000"], "env": {}, "connection": {}}
    assert hub.request(**again)["error"] is None
    hub.die_and_rise()
    known = hub.heard("kernel")
    assert (known["pid"], known["starts"]) == (started["pid"], 1)
    assert hub.heard("agent")["pid"] == agent.process.pid


@pytest.mark.parametrize(
    ("argv", "code", "cause"),
    [
        (["/no/such/python"], 127, "There is no program /no/such/python on"),
        (["/etc/passwd"], 126, "cannot be started on"),
        (["/bin/sh", "-c", "echo 'ImportError: ipykernel'; exit 3"], 3, ": ImportError: ipykernel"),
        (["/bin/sh", "-c", "exit 0"], 0, "ended by itself"),
        (["/bin/sh", "-c", "exit 137"], 137, "was killed"),
        (["/bin/sh", "-c", "kill -SEGV $$"], None, "a crash (SIGSEGV"),
    ],
)
def test_why_a_kernel_ended(agent, hub, argv, code, cause):
    hub.request(type="launch", argv=argv, env={}, connection={})
    report = hub.heard("kernel", state="exited")["exit"]
    assert report["code"] == code
    assert cause in report["cause"]


def test_without_a_hub_an_agent_ends_with_its_lease(tmp_path, hub):
    with running_agent(tmp_path, hub, lease_s=0.5) as agent:
        pids = family(agent)
        hub.close()
        assert agent.ended() == 0
        gone(*pids)
        assert "No hub for 0.5 seconds" in agent.log.read_text()


def test_a_lease_can_be_made_longer(tmp_path, hub):
    with running_agent(tmp_path, hub, lease_s=0.5) as agent:
        hub.heard("agent")
        assert hub.request(type="lease", seconds=-1)["error"]
        assert hub.request(type="lease", seconds=1000)["error"] is None
        hub.cut()
        hub.wait(lambda: hub.connections == 2, lambda: "another connection")
        assert agent.process.poll() is None


def test_an_agent_that_the_hub_refuses_ends(tmp_path, hub):
    hub.refusal = "kernel-1 has another agent"
    with running_agent(tmp_path, hub) as agent:
        assert agent.ended() == 0
        assert "kernel-1 has another agent" in agent.log.read_text()


def test_orphans_of_a_kernel_leave_no_zombies(agent, hub):
    # Each sleep loses its parent at once, and ends as a child of the agent.
    agent.launch("/bin/sh", "-c", "for i in 1 2 3; do (sleep 0.05 &); done; sleep 0.3; echo over")
    hub.heard("kernel", state="exited")
    hub.request(type="logs", lines=1)
    children = [stat for stat in map(parent_and_state, pids()) if stat]
    assert not [state for parent, state in children if parent == agent.process.pid]


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parent_and_state(pid: int) -> tuple[int, str] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[0]


@pytest.fixture
def short_path():
    """For sockets: pytest's own directories have long paths."""
    with tempfile.TemporaryDirectory(prefix="jx", dir="/tmp") as path:
        yield path


def test_what_a_killed_agent_left_behind_is_removed(tmp_path, hub, short_path):
    with running_agent(tmp_path, hub, TMPDIR=short_path) as first:
        left = Path(hub.heard("agent")["directory"])
        first.process.kill()
        first.ended()
    assert left.exists()
    hub.forget()
    with running_agent(tmp_path, hub, TMPDIR=short_path):
        alive = Path(hub.heard("agent")["directory"])
        deadline = time.monotonic() + 10
        while left.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert alive.exists()


def test_an_agent_goes_on_when_nobody_reads_what_it_prints(tmp_path, hub):
    process = subprocess.Popen(
        agent_command(tmp_path, hub), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        hub.heard("agent")
        process.stdout.close()
        hub.request(type="launch", argv=["/bin/sh", "-c", "echo one; sleep 1000"], connection={})
        hub.heard("log")
        hub.tell(type="nonsense")
        assert "nonsense" in hub.request(type="nonsense")["error"]
        hub.tell(type="stop", grace_s=1)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_a_flood_of_output_holds_nothing_up(agent, hub):
    agent.launch("/usr/bin/yes", "x" * 1000)
    hub.heard("log")
    assert hub.request(type="logs", lines=1)["text"]
    hub.request(type="signal", signum=int(signal.SIGINT))
    assert hub.heard("kernel", state="exited")["exit"]["signal"] == signal.SIGINT
    status = Path(f"/proc/{agent.process.pid}/status").read_text()
    [peak_kb] = [int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line]
    assert peak_kb < 50_000


def test_who_waits_less_decides_when_a_kernel_is_killed(agent, hub):
    started = agent.launch("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
    hub.tell(type="stop", grace_s=1000)
    hub.tell(type="stop", grace_s=0.1)
    assert agent.ended() == 0
    gone(started["pid"])


@pytest.mark.parametrize(
    "message",
    [
        {"type": "credentials", "files": [1]},
        {"type": "credentials"},
        {"type": "signal", "signum": "x"},
        {"type": "restart"},
        {"type": "launch", "argv": "sleep"},
        {"type": "lease", "seconds": None},
        {"type": 7},
    ],
)
def test_a_message_that_makes_no_sense_is_answered(agent, hub, message):
    assert hub.request(**message)["error"]
    assert hub.request(type="logs", lines=1)["error"] is None
