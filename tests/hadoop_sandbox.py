"""The session's sandbox, and what tests do with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_ext.sandbox.kdc import addprinc
from jupyter_ext.sandbox.models import SandboxStatus
from jupyter_ext.sandbox.people import PEOPLE
from jupyter_ext.sandbox.processes import Processes
from jupyter_ext.sandbox.requirements import installed
from jupyter_ext.sandbox.sandbox import Sandbox
from tests.loop_watch import aside

COMMAND = [sys.executable, "-m", "jupyter_ext.cli", "sandbox"]


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox in directories of its own.

    ``directory`` holds the daemons' files, ``config_dir`` is the JUPYTER_CONFIG_DIR that got the
    profiles (``config_dir / "clusters"`` is the user layer), ``environment`` is what a child
    process needs to see both.
    """

    directory: Path
    config_dir: Path
    environment: dict[str, str]

    @classmethod
    def below(cls, root: Path) -> RunningSandbox:
        """A sandbox that touches nothing outside ``root`` but the cache of jars."""
        directory, config_dir = root / "sandbox", root / "config"
        environment = {
            **os.environ,
            # Said aloud, because pytest-jupyter gives each test another HOME.
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            "JUPYTER_CONFIG_DIR": str(config_dir),
            "JUPYTER_DATA_DIR": str(root / "data"),
            "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
            "JUPYTER_EXT_SANDBOX_DIR": str(directory),
        }
        return cls(directory, config_dir, environment)

    @property
    def layers(self) -> list[tuple[str, Path]]:
        """For ProfileStore."""
        return [("user", self.config_dir / "clusters")]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """``jupyter cluster sandbox ...``, with its output."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=Path(__file__).parents[1],
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            timeout=170,
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def status(self) -> SandboxStatus:
        """What runs."""
        return SandboxStatus.model_validate_json(self.run("status", "--json").stdout)

    def resourcemanager(self, name: str) -> str:
        """Base URL, without a trailing slash."""
        return self._cluster(name)["rm"]

    def namenode(self, name: str) -> str:
        """Base URL, without a trailing slash."""
        return self._cluster(name)["nn"]

    def port(self, name: str, port: str) -> int:
        """A port by its name in jupyter_ext.sandbox.site, e.g. nm-http, kdc, ldaps."""
        return int(self._state(name)["ports"][port])

    def conf_dir(self, name: str) -> Path:
        """HADOOP_CONF_DIR of a client."""
        return self.profile_dir(name) / "conf"

    def profile_dir(self, name: str) -> Path:
        """What the sandbox published of a cluster."""
        return self.config_dir / "clusters" / name

    @property
    def krb5_conf(self) -> Path:
        return self.profile_dir("prod") / "krb5.conf"

    @property
    def ca_file(self) -> Path:
        return self.profile_dir("prod") / "ca.pem"

    @property
    def passwords(self) -> dict[str, str]:
        return {person.name: person.password for person in PEOPLE}

    def kinit(
        self, user: str, ccache: Path, password: str | None = None, *, cluster: str = "prod"
    ) -> tuple[int, str]:
        """Log in to a cluster's realm; exit status and what kinit says."""
        done = subprocess.run(
            ["kinit", "-c", f"FILE:{ccache}", user],
            input=f"{password or self.passwords[user]}\n",
            env={
                **os.environ,
                "KRB5_CONFIG": str(self.profile_dir(cluster) / "krb5.conf"),
                "LANG": "C",
            },
            text=True,
            capture_output=True,
            check=False,
            timeout=20,
        )
        return done.returncode, done.stdout + done.stderr

    def kadmin(self, *commands: str, cluster: str = "prod") -> str:
        """Administer a cluster's realm, e.g. ``cpw -pw NEW alice``; what kadmin.local says."""
        return kadmin(self.directory / cluster / "kerberos", *commands)

    def reset(self, user: str, *, cluster: str = "prod") -> None:
        """Make a user's principal what it was: password, its history, lock, condition."""
        [person] = [person for person in PEOPLE if person.name == user]
        self.kadmin(f"delprinc -force {user}", addprinc(person), cluster=cluster)

    def pid(self, daemon: str) -> int:
        """Process id of a daemon, e.g. dev or (with --processes) dev-nodemanager."""
        return int((self.directory / "run" / daemon).read_text().split()[0])

    def kill(self, daemon: str) -> None:
        """kill -9 one daemon and wait for its end; ``run("up")`` starts it again."""
        process = Processes(self.directory, "").get(daemon)
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while process.alive:
            assert time.monotonic() < deadline, f"{daemon} survives kill -9"
            time.sleep(0.01)

    def application_master(
        self,
        name: str = "dev",
        *,
        seconds: float = 300,
        progress: float = 0.5,
        containers: int = 0,
        container_mb: int = 256,
    ) -> str:
        """The ``command`` of an application that registers: it is RUNNING, then FINISHED.

        It needs ``memory_mb=256``, and about a second until it is registered. ``containers`` is how
        many more it asks for; those that do not fit stay pending.
        """
        hadoop = self._state(name)["shape"]["hadoop"]
        jars = f"{self.environment['XDG_CACHE_HOME']}/jupyter-ext/hadoop/{hadoop}/lib/*"
        classes = self.directory.parent / f"application-master-{hadoop}"
        if not classes.exists():
            source = Path(__file__).with_name("ApplicationMaster.java")
            subprocess.run(
                ["javac", "-nowarn", "-d", classes, "-cp", jars, source], check=True, timeout=60
            )
        conf = self.directory / name / "conf"
        return (
            f"java -Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '{conf}:{classes}:{jars}'"
            f" ApplicationMaster {seconds} {progress} {containers} {container_mb}"
        )

    def write(self, name: str, path: str, text: str, user: str = "alice") -> None:
        """Write a file of a simple-auth cluster's HDFS."""
        query = f"op=CREATE&user.name={user}&noredirect=true&overwrite=true"
        place = rest("PUT", f"{self.namenode(name)}/webhdfs/v1{path}?{query}")["Location"]
        request = urllib.request.Request(place, method="PUT", data=text.encode())
        urllib.request.urlopen(request, timeout=20).close()

    def read(self, name: str, path: str, user: str = "alice") -> str:
        """Read a file of a simple-auth cluster's HDFS."""
        url = f"{self.namenode(name)}/webhdfs/v1{path}?op=OPEN&user.name={user}"
        with urllib.request.urlopen(url, timeout=20) as reply:
            return reply.read().decode()

    def activate(self, name: str, rm_id: str) -> None:
        """Make rm1 or rm2 of a cluster with ``--rm-ha`` the active ResourceManager."""
        asyncio.run(Sandbox(self.directory).activate(name, rm_id))

    def submit(self, name: str = "dev", **options: Any) -> str:
        """Submit an application to a simple-auth cluster; see ``submit`` below."""
        return submit(self.resourcemanager(name), **options)

    @contextmanager
    def application(self, name: str = "dev", **options: Any) -> Iterator[str]:
        """An application that is killed at the end; gives its id."""
        rm = self.resourcemanager(name)
        app = submit(rm, **options)
        try:
            yield app
        finally:
            kill_app(rm, app, options.get("user", "alice"))

    def _state(self, name: str) -> dict[str, Any]:
        return json.loads((self.directory / "state.json").read_text())["clusters"][name]

    def _cluster(self, name: str) -> dict[str, str]:
        ports = self._state(name)["ports"]
        return {
            "rm": f"http://localhost:{ports['rm-http']}",
            "nn": f"http://localhost:{ports['namenode-http']}",
        }


class Login:
    """A user with a ticket, who talks to daemons by SPNEGO."""

    def __init__(
        self, sandbox: RunningSandbox, user: str, folder: Path, *, cluster: str = "prod"
    ) -> None:
        self.ccache = folder / user
        status, said = sandbox.kinit(user, self.ccache, cluster=cluster)
        assert status == 0, said
        self._environment = {
            **os.environ,
            "KRB5_CONFIG": str(sandbox.profile_dir(cluster) / "krb5.conf"),
            "KRB5CCNAME": f"FILE:{self.ccache}",
        }

    def rest(self, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        """A call to a daemon: HTTP status, and the JSON or text of the answer."""
        data = [] if body is None else ["--json", json.dumps(body)]
        curl = ["curl", "-s", "--max-time", "20", "--negotiate", "-u", ":", "-w", "\n%{http_code}"]
        done = subprocess.run(
            [*curl, "-X", method, *data, url],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        text, _, code = done.stdout.rpartition("\n")
        return int(code), json.loads(text) if text.startswith("{") else text


@aside()
def kadmin(directory: Path, *commands: str) -> str:
    """Administer the realm whose database is in a directory; what kadmin.local says."""
    done = subprocess.run(
        [installed("kadmin.local")],
        input="\n".join([*commands, ""]),
        env={
            **os.environ,
            "KRB5_CONFIG": str(directory / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(directory / "kdc.conf"),
            "LANG": "C",
        },
        text=True,
        capture_output=True,
        check=True,
        timeout=20,
    )
    said = done.stdout + done.stderr
    assert " while " not in said, said
    return said


def rest(method: str, url: str, body: Any = None) -> Any:
    """A JSON call to a daemon of a simple-auth cluster."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as reply:
        return json.loads(reply.read() or b"null")


def submit(
    resourcemanager: str,
    *,
    command: str = "echo hello; sleep 300",
    user: str = "alice",
    queue: str = "default",
    name: str = "test",
    memory_mb: int = 128,
    vcores: int = 1,
    attempts: int = 1,
    app_type: str = "TEST",
    tags: tuple[str, ...] = (),
) -> str:
    """Submit an application whose ApplicationMaster is a shell command; gives its id.

    A command that never registers leaves the application ACCEPTED while its container runs, and
    FAILED when it exits; ``RunningSandbox.application_master`` gives one that registers. Standard
    output and error go to the files ``stdout`` and ``stderr`` of the container's logs. A second
    application in the queue ``small`` waits (AM share).
    """
    base = f"{resourcemanager}/ws/v1/cluster/apps"
    app = rest("POST", f"{base}/new-application?user.name={user}")["application-id"]
    redirected = f"({command}) 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr"
    rest(
        "POST",
        f"{base}?user.name={user}",
        {
            "application-id": app,
            "application-name": name,
            "application-type": app_type,
            "queue": queue,
            "max-app-attempts": attempts,
            "application-tags": {"tag": list(tags)},
            "resource": {"memory": memory_mb, "vCores": vcores},
            "am-container-spec": {"commands": {"command": redirected}},
        },
    )
    return app


def app_state(resourcemanager: str, app: str, user: str = "alice") -> dict[str, Any]:
    """The application as the ResourceManager describes it."""
    return rest("GET", f"{resourcemanager}/ws/v1/cluster/apps/{app}?user.name={user}")["app"]


def kill_app(resourcemanager: str, app: str, user: str = "alice") -> None:
    """Kill an application and wait until it is over."""
    url = f"{resourcemanager}/ws/v1/cluster/apps/{app}/state?user.name={user}"
    deadline = time.monotonic() + 20
    while rest("PUT", url, {"state": "KILLED"})["state"] not in ("KILLED", "FAILED", "FINISHED"):
        assert time.monotonic() < deadline, f"{app} can't be killed"
