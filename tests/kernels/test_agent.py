"""One agent from its start to its end, on every Python that this machine has."""

from __future__ import annotations

import base64
import os
import signal
import stat
from pathlib import Path

import pytest

from tests.fakes.plain_hub import plain_hub
from tests.interpreters import interpreters
from tests.kernels.agents import running_agent

KERNEL = """
import json, os, signal, socket, sys, threading
connection = json.load(open(sys.argv[1]))
def interrupted(*_):
    print("interrupted", flush=True)
signal.signal(signal.SIGINT, interrupted)
def echo(listener):
    while True:
        client = listener.accept()[0]
        while True:
            data = client.recv(65536)
            if not data:
                break
            client.sendall(data)
for name in ("shell", "iopub", "stdin", "control", "hb"):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("%s-%d" % (connection["ip"], connection[name + "_port"]))
    listener.listen(5)
    threading.Thread(target=echo, args=(listener,), daemon=True).start()
ticket = open(os.path.join(os.environ["CREDENTIALS"], "prod", "krb5cc")).read()
print("kernel", connection["key"], connection["transport"], ticket, flush=True)
assert os.environ["JPY_PARENT_PID"] == str(os.getppid())
while True:
    signal.pause()
"""
BIG = os.urandom(3 << 20)


@pytest.mark.parametrize("version", interpreters())
def test_an_agent_from_its_start_to_its_end(version, tmp_path):
    python = interpreters()[version]
    with plain_hub(tmp_path) as hub, running_agent(tmp_path, hub, python) as agent:
        introduced = hub.heard("agent")
        assert introduced["python"] == version
        assert introduced["pid"] == agent.process.pid
        assert introduced["backend"] == "local"
        directory = Path(introduced["directory"])
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert hub.heard("kernel")["state"] == "idle"

        ticket = base64.b64encode(b"ticket").decode()
        answer = hub.request(type="credentials", files={"prod/krb5cc": ticket})
        assert answer["error"] is None

        argv = ["{python}", "-c", KERNEL, "{connection_file}"]
        started = agent.launch(*argv, env={"CREDENTIALS": "{credentials}"})
        assert started["state"] == "running"
        assert "kernel k ipc ticket" in hub.heard("log")["text"]
        connection_file = directory / "kernel.json"
        assert stat.S_IMODE(connection_file.stat().st_mode) == 0o600

        shell = hub.open(channel="shell")
        shell.send(b"request")
        shell.until(b"request")
        iopub = hub.open(channel="iopub")
        for start in range(0, len(BIG), 1 << 19):
            iopub.send(BIG[start : start + (1 << 19)])
            hub.wait(lambda end=start + (1 << 19): len(iopub.data) >= min(end, len(BIG)), str)
        assert iopub.data == BIG

        stats = hub.heard("stats")
        assert stats["memory_mb"] > 0
        assert stats["cpu_percent"] >= 0
        assert hub.request(type="signal", signum=int(signal.SIGINT))["error"] is None
        hub.heard("log", text="interrupted\n")

        hub.cut()
        assert "interrupted" in hub.request(type="logs", lines=10)["text"]
        assert hub.connections == 2
        assert len([m for m in hub.messages if m["type"] == "agent"]) == 1, "it was resumed"

        assert hub.request(type="restart")["error"] is None
        again = hub.heard("kernel", starts=2)
        assert again["pid"] != started["pid"]
        shell.ended()
        shell = hub.open(channel="shell")
        shell.send(b"again")
        shell.until(b"again")

        terminal = hub.open(channel="terminal", argv=["/bin/sh"], rows=30, columns=101)
        terminal.send(b"stty size\n")
        terminal.until(b"30 101")
        terminal.send(b"exit\n")
        terminal.ended()

        hub.tell(type="stop", grace_s=5)
        assert hub.heard("ended")["reason"] == "The kernel was stopped."
        assert agent.ended() == 0
        assert not directory.exists()
        assert not Path(f"/proc/{again['pid']}").exists()
