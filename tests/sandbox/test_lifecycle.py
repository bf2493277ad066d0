"""One cluster through everything that can happen to it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
from pathlib import Path

import pytest

from jupyter_ext.sandbox.people import PEOPLE
from tests.conftest import eventually
from tests.hadoop_sandbox import COMMAND, rest
from tests.sandbox.conftest import leftovers

UP = ("up", "--only", "dev")


def begin(own) -> subprocess.Popen[str]:
    """``up`` in the background."""
    return subprocess.Popen(
        [*COMMAND, *UP],
        env=own.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.fixture
def running(own):
    own.run(*UP)
    return own


@pytest.fixture
def stopped(own):
    own.run("down")
    return own


def test_two_commands_at_once_start_one_cluster_and_say_what_they_measured(own):
    first, second = begin(own), begin(own)
    said = [up.communicate(timeout=100)[0].splitlines() for up in (first, second)]
    assert first.returncode == second.returncode == 0
    [starter] = [lines for lines in said if not any("runs already" in line for line in lines)]
    assert any(" s  dev: ready (HDFS " in line for line in starter)
    assert starter[-1].endswith("MB resident")
    assert len(leftovers(own.directory)) == 1


def test_status_tells_everything(running):
    status = running.status()
    assert status.state == "running"
    assert status.directory == str(running.directory)
    assert status.missing == []
    assert status.message == ""
    [cluster] = status.clusters
    assert (cluster.name, cluster.hadoop, cluster.state) == ("dev", "3.5.0", "running")
    assert cluster.ready_s > 0
    assert rest("GET", f"{cluster.resourcemanager}/ws/v1/cluster/info")["clusterInfo"]
    assert rest("GET", f"{cluster.namenode}/jmx?qry=java.lang:type=Runtime")["beans"]
    [daemon] = status.daemons
    assert daemon.name == "dev"
    assert daemon.alive
    assert daemon.memory_mb > 50
    assert "dev      running" in running.run("status").stdout


def test_up_again_changes_nothing(running):
    before = running.pid("dev")
    assert "dev: runs already" in running.run(*UP).stdout
    assert running.pid("dev") == before


def test_it_takes_work_as_soon_as_it_is_up(running):
    rm, nn = running.resourcemanager("dev"), running.namenode("dev")
    assert rest("GET", f"{rm}/ws/v1/cluster/metrics")["clusterMetrics"]["activeNodes"] == 1
    assert running.read("dev", "/data/bikes/2026-01.csv").startswith("time,workingday,")
    homes = rest("GET", f"{nn}/webhdfs/v1/user?op=LISTSTATUS&user.name=alice")
    owners = {entry["pathSuffix"]: entry["owner"] for entry in homes["FileStatuses"]["FileStatus"]}
    assert owners == {person.name: person.name for person in PEOPLE}


def test_some_data_are_for_one_person_only(running):
    assert running.read("dev", "/data/alice-only.csv", "alice").startswith("note\nfor alice")
    assert running.read("dev", "/data/bob-only.csv", "bob").startswith("note\nfor bob")
    with pytest.raises(urllib.error.HTTPError) as refused:
        running.read("dev", "/data/alice-only.csv", "bob")
    assert refused.value.code == 403


def test_what_hadoop_would_put_into_tmp_is_in_the_sandboxs_directory(running):
    began = (running.directory / "run" / "dev").stat().st_mtime

    def unpacked(folder: Path) -> list[Path]:
        found = folder.glob(f"jetty-*-{running.port('dev', 'rm-http')}-*")
        return [path for path in found if path.stat().st_mtime >= began]

    scratch = running.directory / "dev" / "tmp" / "dev"
    assert len(unpacked(scratch)) == 1
    assert unpacked(Path(tempfile.gettempdir())) == []
    assert (running.directory / "dev" / "data" / "node-attributes").is_dir()
    # Nor does it grow.
    before = len(list(scratch.iterdir()))
    running.kill("dev")
    running.run(*UP)
    assert len(list(scratch.iterdir())) == before


def test_everything_listens_on_the_loopback_interface_only(running):
    process = Path("/proc") / str(running.pid("dev"))
    sockets = {str(fd.readlink()) for fd in (process / "fd").iterdir()}
    addresses = []
    for table in ("tcp", "tcp6"):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            # proc_net_tcp(5): 1 local address, 3 state (0A is LISTEN), 9 inode.
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                addresses.append(fields[1].partition(":")[0])
    assert len(addresses) >= 14
    assert set(addresses) == {"0100007F"}


def test_a_restart_keeps_data_and_addresses_but_leaves_a_taken_port_to_who_has_it(running):
    running.write("dev", "/user/alice/note.txt", "kept")
    namenode, taken = running.namenode("dev"), running.port("dev", "rm-http")
    running.run("down")
    assert leftovers(running.directory) == []
    status = running.status()
    assert status.state == "stopped"
    assert status.daemons == []
    with socket.create_server(("127.0.0.1", taken)):
        running.run(*UP)
    assert running.namenode("dev") == namenode
    assert running.read("dev", "/user/alice/note.txt") == "kept"
    resourcemanager = running.resourcemanager("dev")
    assert resourcemanager != f"http://localhost:{taken}"
    assert rest("GET", f"{resourcemanager}/ws/v1/cluster/info")["clusterInfo"]
    conf = (running.conf_dir("dev") / "yarn-site.xml").read_text()
    assert resourcemanager.removeprefix("http://") in conf


async def test_after_kill_9_of_the_cluster_up_ends_its_containers_and_starts_it_again(running):
    running.submit(command="sleep 1000")
    before = running.pid("dev")
    await eventually(lambda: any("sleep 1000" in line for line in leftovers(running.directory)))
    running.kill("dev")
    status = running.status()
    assert status.state == "failed"
    assert status.message == "dev is not running; start the sandbox again to repair it"
    running.run(*UP)
    assert running.status().state == "running"
    assert running.pid("dev") != before
    assert len(leftovers(running.directory)) == 1


def test_a_lost_record_does_not_hide_a_daemon_from_down(running):
    shutil.rmtree(running.directory / "run")
    running.run("down")
    assert leftovers(running.directory) == []


async def test_kill_9_of_up_leaves_nothing_that_the_next_does_not_know(stopped):
    stopped.run("down", "--purge")
    for moment in (
        lambda: stopped.status().state == "starting",
        (stopped.directory / "run" / "dev").exists,
    ):
        up = begin(stopped)
        await eventually(moment)
        up.kill()
        up.communicate(timeout=20)
    assert stopped.status().state != "starting"
    # The JVM goes on by itself. Caught while it formats its disk, it must find it as it left it.
    disk = stopped.directory / "dev" / "data" / "name"
    await eventually(disk.exists)
    os.kill(stopped.pid("dev"), signal.SIGSTOP)
    up = begin(stopped)
    await eventually((stopped.directory / "run" / "dev-seed").exists)
    assert disk.exists()
    os.kill(stopped.pid("dev"), signal.SIGCONT)
    assert up.wait(timeout=100) == 0
    assert stopped.status().state == "running"
    assert stopped.read("dev", "/data/README.txt").startswith("Hourly bicycle hires")
    assert len(leftovers(stopped.directory)) == 1


async def test_down_calls_off_a_start(stopped):
    up = begin(stopped)
    await eventually((stopped.directory / "run" / "dev").exists)
    assert stopped.status().state == "starting"
    stopped.run("down")
    said, _ = up.communicate(timeout=20)
    assert up.returncode == 130
    assert "Called off; what had been started was ended." in said
    assert leftovers(stopped.directory) == []
    assert stopped.status().state == "stopped"


async def test_ctrl_c_ends_what_up_started(stopped):
    up = begin(stopped)
    await eventually((stopped.directory / "run" / "dev").exists)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=20)
    assert up.returncode == 130
    assert leftovers(stopped.directory) == []


def test_a_daemon_that_dies_shows_the_cause(stopped):
    version = stopped.directory / "dev" / "data" / "name" / "current" / "VERSION"
    whole = version.read_text()
    version.write_text("layoutVersion=nonsense\n")
    try:
        failed = stopped.run(*UP, check=False)
    finally:
        version.write_text(whole)
    assert failed.returncode == 1
    assert "dev died while starting: namenode failed: " in failed.stderr
    assert "nonsense" in failed.stderr
    assert f"Its log is {stopped.directory / 'log' / 'dev.log'}." in failed.stderr
    assert len(failed.stderr.splitlines()) == 2
    status = stopped.status()
    assert status.state == "failed"
    assert status.message.startswith("dev died while starting: namenode failed: ")
    assert leftovers(stopped.directory) == []


def test_another_version_does_not_touch_the_data(stopped):
    refused = stopped.run(*UP, "--hadoop", "3.3.6", check=False)
    assert refused.returncode == 1
    assert "dev holds HDFS data of Hadoop 3.5.0" in refused.stderr
    assert not (stopped.directory / "run" / "dev").exists()


def test_a_profile_of_the_users_own_is_not_overwritten(stopped):
    mark = stopped.config_dir / "clusters" / "dev" / ".sandbox"
    owner = mark.read_text()
    mark.unlink()
    refused = stopped.run(*UP, check=False)
    mark.write_text(owner)
    assert refused.returncode == 1
    assert "You have a profile dev already, which no sandbox wrote." in refused.stderr


def test_purge_takes_data_and_profile_along_and_nothing_else(stopped):
    other = stopped.config_dir / "clusters" / "mine"
    other.mkdir()
    stranger = stopped.directory / "mine.txt"
    stranger.touch()
    stopped.run("down", "--purge")
    assert not (stopped.config_dir / "clusters" / "dev").exists()
    assert other.exists()
    assert list(stopped.directory.iterdir()) == [stranger]
    stranger.unlink()
    stopped.directory.rmdir()
