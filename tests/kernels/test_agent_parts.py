"""The parts of an agent that can be looked at one by one."""

from __future__ import annotations

import ast
import base64
import json
import os
import signal
import stat
import sys
from pathlib import Path

import jupyter_ext_agent
import pytest
from jupyter_ext_agent import credentials, exits, terminal
from jupyter_ext_agent.bootstrap import BootstrapError, check_bootstrap, read_bootstrap
from jupyter_ext_agent.cgroup import MemoryGroup
from jupyter_ext_agent.lease import Lease
from jupyter_ext_agent.place import Place
from jupyter_ext_agent.printed import MOST_BYTES, MOST_PER_BATCH, Printed
from jupyter_ext_agent.process import Launch
from jupyter_ext_agent.reactor import Reactor

from jupyter_ext.kernels.agent_archive import agent_archive

SOURCE = Path(jupyter_ext_agent.__file__).parent
GOOD = {
    "kernel_id": "k1",
    "secret": "ab" * 32,
    "hubs": ["unix:///run/hub", "tls://host:1234"],
    "fingerprint": "cd" * 32,
    "ca": None,
    "lease_s": 1800,
}


# -- what travels ---------------------------------------------------------------------------------


def test_it_needs_the_standard_library_only():
    imported = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(str(node.module).partition(".")[0])
    assert imported - {"jupyter_ext_agent"} <= sys.stdlib_module_names


def test_the_archive_is_the_same_wherever_it_is_made():
    first = agent_archive()
    agent_archive.cache_clear()
    for path in SOURCE.rglob("*.py"):
        os.utime(path)
    assert agent_archive() == first


# -- bootstrap ------------------------------------------------------------------------------------


def test_a_bootstrap_is_read(tmp_path):
    path = tmp_path / "bootstrap"
    path.touch(0o600)
    path.write_text(json.dumps(GOOD))
    assert read_bootstrap(str(path)) == GOOD


def test_a_bootstrap_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "bootstrap"
    path.write_text(json.dumps(GOOD))
    path.chmod(0o640)
    with pytest.raises(BootstrapError, match="mode is 640, not 600"):
        read_bootstrap(str(path))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"kernel_id": ""}, "kernel_id is not a text"),
        ({"secret": "abc"}, "secret is not 32 bytes"),
        ({"secret": "zz" * 32}, "secret is not 32 bytes"),
        ({"hubs": []}, "names no hubs"),
        ({"hubs": ["http://host"]}, "'http://host' is none of unix://"),
        ({"fingerprint": None}, "no fingerprint"),
        ({"lease_s": 0}, "lease_s"),
        ({"lease_s": "soon"}, "lease_s"),
    ],
)
def test_what_is_wrong_with_a_bootstrap_is_said(change, text):
    with pytest.raises(BootstrapError, match=text) as caught:
        check_bootstrap(GOOD | change)
    assert GOOD["secret"] not in str(caught.value)


# -- credentials ----------------------------------------------------------------------------------


def encoded(**files: str) -> dict[str, str]:
    return {
        name.replace("__", "/").replace("_", "."): base64.b64encode(text.encode()).decode()
        for name, text in files.items()
    }


def tree(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_the_credential_directory_becomes_what_the_hub_says(tmp_path):
    directory = tmp_path / "credentials"
    credentials.write(
        str(directory), encoded(clusters_json="1", prod__conf__a="a", dev__krb5cc="c")
    )
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "prod/conf").stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "prod/conf/a").stat().st_mode) == 0o600
    before = (directory / "prod/conf/a").stat().st_ino
    credentials.write(str(directory), encoded(clusters_json="2", prod__conf__a="a", tokens="t"))
    assert tree(directory) == {"clusters.json": "2", "prod/conf/a": "a", "tokens": "t"}
    assert (directory / "prod/conf/a").stat().st_ino == before, "the same is left alone"
    assert not (directory / "dev").exists()


@pytest.mark.parametrize(
    "path", ["../out", "/etc/passwd", "a/../../out", "", "a//b", ".", "a/.", "nul\0"]
)
def test_a_path_that_leaves_the_credential_directory_is_refused(tmp_path, path):
    directory = tmp_path / "credentials"
    with pytest.raises(credentials.RefusedPath):
        credentials.write(str(directory), {"clusters.json": "e30=", path: "e30="})
    assert not directory.exists()


def test_no_link_leads_out_of_the_credential_directory(tmp_path):
    directory, outside = tmp_path / "credentials", tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_text("mine")
    directory.mkdir()
    (directory / "prod").symlink_to(outside)
    (directory / "dev").symlink_to(outside)
    (directory / "tokens").symlink_to(outside / "keep")
    credentials.write(str(directory), encoded(prod__krb5cc="c", tokens="t"))
    assert tree(outside) == {"keep": "mine"}
    assert tree(directory) == {"prod/krb5cc": "c", "tokens": "t"}
    assert not (directory / "prod").is_symlink()


def test_what_is_not_base64_changes_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"tokens is not base64"):
        credentials.write(str(tmp_path / "credentials"), {"tokens": "§"})
    assert not (tmp_path / "credentials").exists()


# -- lease ----------------------------------------------------------------------------------------


class Clock:
    """A reactor whose time is made by hand."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.waiting = []

    def now(self) -> float:
        return self.time

    def call_later(self, seconds, call):
        self.waiting.append((self.time + seconds, call))
        return self

    def cancel(self) -> None:
        self.waiting.clear()

    def sleep(self, seconds: float) -> None:
        """Let time pass at once, as for a machine that was asleep."""
        self.time += seconds
        due, self.waiting = self.waiting, []
        for _, call in due:
            call()

    def live(self, seconds: float) -> None:
        """Let time pass."""
        until = self.time + seconds
        while self.waiting and self.waiting[0][0] <= until:
            self.time, call = self.waiting.pop(0)
            call()
        self.time = until


def test_a_lease_is_over_after_its_time_without_a_hub():
    clock, over = Clock(), []
    lease = Lease(clock, 100, lambda: over.append(clock.time))
    lease.lost()
    clock.live(60)
    lease.found()
    clock.live(1000)
    lease.lost()
    lease.lost()
    clock.live(99)
    assert not over
    clock.live(1)
    assert over == [2160]


def test_a_machine_that_slept_gets_time_to_find_the_hub():
    clock, over = Clock(), []
    Lease(clock, 100, lambda: over.append(clock.time)).lost()
    clock.sleep(8 * 3600)
    clock.live(50)
    assert not over
    clock.live(50)
    assert over


def test_a_new_lease_counts_what_has_passed():
    clock, over = Clock(), []
    lease = Lease(clock, 1000, lambda: over.append(clock.time))
    lease.lost()
    clock.live(100)
    lease.change(50)
    clock.live(0)
    assert over


# -- exits ----------------------------------------------------------------------------------------


def killed(**facts) -> dict:
    known = {"used_mb": None, "limit_mb": None, "starved": False} | facts
    return exits.of_status(int(signal.SIGKILL), [], **known)


def test_a_kill_for_memory_says_how_much():
    report = killed(used_mb=2150, limit_mb=2048, starved=True)
    assert report["cause"] == "The kernel was killed because memory ran out: at 2.1 of 2.0 GB."
    assert report["memory"] == {"used_mb": 2150, "limit_mb": 2048}


def test_a_kill_near_the_limit_was_for_memory():
    assert killed(used_mb=2040, limit_mb=2048)["memory"]
    assert killed(used_mb=1000, limit_mb=2048)["memory"] is None


# -- control groups -------------------------------------------------------------------------------


def test_memory_of_version_2(tmp_path):
    group = tmp_path / "cgroup/user/kernel"
    group.mkdir(parents=True)
    (group.parent / "memory.max").write_text("1073741824\n")
    (group / "memory.max").write_text("max\n")
    (group / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")
    (group / "memory.peak").write_text("1073700000\n")
    (tmp_path / "self").write_text("0::/user/kernel\n")
    memory = MemoryGroup(str(tmp_path / "cgroup"), str(tmp_path / "self"))
    assert (memory.limit_mb(), memory.kills(), memory.peak_mb()) == (1024, 1, 1023)


def test_memory_of_version_1_in_a_container(tmp_path):
    group = tmp_path / "cgroup/memory"
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text("536870912\n")
    (group / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    (tmp_path / "self").write_text("5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/docker/1\n")
    memory = MemoryGroup(str(tmp_path / "cgroup"), str(tmp_path / "self"))
    assert (memory.limit_mb(), memory.kills(), memory.peak_mb()) == (512, 3, None)


def test_no_control_group(tmp_path):
    memory = MemoryGroup(str(tmp_path), str(tmp_path / "none"))
    assert (memory.limit_mb(), memory.kills(), memory.peak_mb()) == (None, 0, None)


# -- what is printed ------------------------------------------------------------------------------


def test_output_is_told_in_lines_and_kept():
    reactor, told = Reactor(), []
    printed = Printed(reactor, told.append)
    printed.add("Grüße\nhal".encode()[:9])
    printed.add(b"\xffbe")
    while not told:
        reactor.turn()
    assert told == ["Grüße\n"]
    assert printed.last(10) == ["Grüße", "h\ufffdbe"]
    assert printed.last(1) == ["h\ufffdbe"]
    assert printed.last(0) == []
    reactor.close()


def test_a_flood_of_output_is_bounded():
    reactor, told = Reactor(), []
    printed = Printed(reactor, told.append)
    for _ in range(100):
        printed.add(b"x" * 99 + b"\n" + b"y" * 100_000)
    while not told:
        reactor.turn()
    assert len(told[0]) < MOST_PER_BATCH + 100
    assert "lines are left out" in told[0]
    assert sum(map(len, printed.last(1_000_000))) <= MOST_BYTES + 8192
    reactor.close()


def test_output_that_nobody_reads_is_not_waited_for():
    reactor = Reactor()
    reading, writing = os.pipe()
    printed = Printed(reactor, lambda _: None, copy_to=writing)
    printed.add(b"x" * 1_000_000 + b"\n")
    assert len(os.read(reading, 1_000_000)) == 65536
    os.close(reading)
    printed.add(b"on\n")
    assert printed.last(1) == ["on"]
    os.close(writing)
    reactor.close()


# -- the rest -------------------------------------------------------------------------------------


def test_sockets_have_short_paths_wherever_tmpdir_is(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    place = Place()
    assert len(place.directory) + len("/k-5") < 100
    place.remove()
    assert not Path(place.directory).exists()


def test_a_launch_without_a_program_is_refused():
    with pytest.raises(ValueError, match="no argv"):
        Launch.of({"argv": []})


def test_accounts_of_services_get_a_shell_too():
    variables = {"SHELL": "/usr/sbin/nologin"}
    assert terminal.shell(variables, "")[0] not in ("/usr/sbin/nologin", "/bin/false")
    command = terminal.shell({"SHELL": "/bin/bash"}, "/opt/kernel/bin/python")
    assert command[-2:] == ["/bin/bash", "/opt/kernel/bin"]
    assert terminal.shell({"SHELL": "/bin/bash"}, "/usr/bin/R") == ["/bin/bash", "-l"]
