"""A real Docker daemon with images for kernels, without a registry.

A daemon that ``docker`` already reaches is used as it is. Otherwise root gets one on a socket of
its own, whose images are kept in the cache; it ends soon after the last session that uses it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
DOCKERFILES = ROOT / "kernels/docker"
BASE_PYTHON = "3.11"  # bookworm's
PACKAGES = ("ipykernel>=7,<8", "hdfs-native>=0.14.7,<1", "bash_kernel>=0.10")
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010")
DAEMON_S = 30.0
PREFIX = "jupyter-ext-test-"


@dataclass(frozen=True)
class DockerEngine:
    """A daemon, and the images that it has for tests."""

    host: str
    image: str
    """kernels/docker/Dockerfile."""
    r_image: str
    """kernels/docker/Dockerfile.r."""

    def run(self, *arguments: str, check: bool = True) -> str:
        """``docker ...``; what it prints."""
        return docker(self.host, *arguments, check=check)


def docker(host: str, *arguments: str, check: bool = True) -> str:
    """Run the command; its output, with that of errors."""
    done = subprocess.run(
        ["docker", *arguments],
        env={**os.environ, "DOCKER_HOST": host},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert not check or done.returncode == 0, f"docker {arguments}: {done.stdout}"
    return done.stdout.strip()


@contextmanager
def docker_engine() -> Iterator[DockerEngine]:
    """Have a daemon with the images; the first time on a machine takes two minutes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter-ext/docker"
    cache.mkdir(parents=True, exist_ok=True)
    with _open(cache / "users") as users, _open(cache / "setting-up") as setting_up:
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(setting_up, fcntl.LOCK_EX)
        host = _running() or _own(cache)
        engine = _with_images(host, cache)
        fcntl.flock(setting_up, fcntl.LOCK_UN)
        yield engine


def _open(path: Path) -> IO[str]:
    return path.open("a")


def _running() -> str | None:
    """The daemon that ``docker`` reaches by itself."""
    assert shutil.which("docker"), "Docker is missing; `make system-test` installs it."
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return host if _answers(host) else None


def _answers(host: str) -> bool:
    command = ["docker", "--host", host, "version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _own(cache: Path) -> str:
    """A daemon of ours, started unless another session did."""
    host = f"unix://{cache}/docker.sock"
    if _answers(host):
        return host
    assert os.geteuid() == 0, (
        "The tests of kernels in containers need Docker: no daemon answers `docker info`, and only "
        "root can start one here. Start Docker, join the group docker, or run the tests as root."
    )
    log = (cache / "dockerd.log").open("w")
    subprocess.Popen(
        [sys.executable, __file__, str(cache)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    deadline = time.monotonic() + DAEMON_S
    while not _answers(host):
        said = (cache / "dockerd.log").read_text()
        failed = "ended with" in said or time.monotonic() > deadline
        assert not failed, (
            "The tests of kernels in containers need Docker, and its daemon could not be started "
            f"here: {said[-800:]}"
        )
        time.sleep(0.05)
    # What a killed session left.
    if left := docker(host, "ps", "--all", "--quiet").split():
        docker(host, "rm", "--force", *left)
    return host


def _with_images(host: str, cache: Path) -> DockerEngine:
    """Build what the daemon lacks."""
    texts = [(DOCKERFILES / name).read_text() for name in ("Dockerfile", "Dockerfile.r")]
    script = ROOT / "scripts/base-image"
    tag = _digest(*texts, script.read_text(), *PACKAGES, BASE_PYTHON)
    engine = DockerEngine(host, f"{PREFIX}python:{tag}", f"{PREFIX}r:{tag}")
    if _has(host, engine.image) and _has(host, engine.r_image):
        return engine
    made = cache / f"base-{_digest(script.read_text())}"
    if not (made / "base.tar").exists():
        _run(script, made)
    base = f"{PREFIX}base:{tag}"
    if not _has(host, base):
        docker(host, "import", str(made / "base.tar"), base)
    context = made / "context"
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(DOCKERFILES, context)
    _download_wheels(context / "wheels")
    given = {"BASE": base, "PIP_NO_INDEX": "1", "PACKAGES": "ipykernel hdfs-native bash_kernel"}
    arguments = [f"--build-arg={name}={value}" for name, value in given.items()]
    docker(host, "build", "-t", engine.image, *arguments, "--network", "none", str(context))
    shutil.copytree(made / "packages", context / "packages")
    shutil.rmtree(context / "wheels")
    r_file = ("-f", str(context / "Dockerfile.r"), "--build-arg", f"BASE={engine.image}")
    docker(host, "build", "-t", engine.r_image, *r_file, "--network", "none", str(context))
    shutil.rmtree(context)
    _forget_others(host, tag)
    return engine


def _forget_others(host: str, tag: str) -> None:
    """Remove the images of other recipes."""
    ours = f"reference={PREFIX}*"
    names = docker(host, "images", "--filter", ours, "--format", "{{.Repository}}:{{.Tag}}")
    if others := [name for name in names.split() if not name.endswith(f":{tag}")]:
        docker(host, "rmi", "--force", *others)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def _has(host: str, image: str) -> bool:
    return docker(host, "images", "--quiet", image) != ""


def _download_wheels(directory: Path) -> None:
    """For the base's Python, whatever this one is."""
    platforms = [f"--platform={name}_{platform.machine()}" for name in PLATFORMS]
    version = f"--python-version={BASE_PYTHON}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    _run(*command, version, *platforms, "--dest", directory, *PACKAGES)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def keep(cache: Path) -> None:
    """Run a daemon for as long as a session holds the lock."""
    arguments = {
        "--host": f"unix://{cache}/docker.sock",
        "--data-root": cache / "data",
        "--exec-root": cache / "exec",
        "--pidfile": cache / "dockerd.pid",
    }
    program = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert program, "ended with nothing: there is no dockerd; `make system-test` installs it."
    daemon = subprocess.Popen(
        [program, *(f"{name}={value}" for name, value in arguments.items())],
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
    )
    with _open(cache / "users") as users:
        while daemon.poll() is None:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.5)
        daemon.terminate()
        print("dockerd ended with", daemon.wait(), flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        keep(Path(sys.argv[1]))
    else:
        with docker_engine() as found:
            print(found)
