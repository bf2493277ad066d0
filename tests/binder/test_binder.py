"""The Binder image can't be built here, but everything that goes into it can be tried."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
MEMORY_LIMIT_MB = 2048


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory) -> str:
    """What repo2docker makes of the folder, from a tool kept in .test/ between two runs."""
    root = ROOT / ".test" / REPO2DOCKER.replace("==", "-")
    tool = root / "bin" / "jupyter-repo2docker"
    if not (root / "complete").exists():
        shutil.rmtree(root, ignore_errors=True)
        venv.create(root, with_pip=False)
        pip = [sys.executable, "-m", "pip", "--python", str(root), "install", "--quiet"]
        subprocess.run([*pip, REPO2DOCKER], check=True, timeout=170)
        (root / "complete").touch()
    repository = tmp_path_factory.mktemp("repository")
    shutil.copytree(BINDER, repository / "binder")
    command = [tool, "--no-build", "--debug", "--user-id", "1000", "--user-name", "joe", "."]
    done = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def packages() -> list[str]:
    return (BINDER / "apt.txt").read_text().split()


def test_the_image_has_the_packages_the_environment_and_the_hooks(dockerfile):
    assert "FROM " in dockerfile
    for package in packages():
        assert package in dockerfile
    assert "binder/environment.yml" in dockerfile
    assert "RUN ./binder/postBuild" in dockerfile or "binder/postBuild" in dockerfile
    assert '"${REPO_DIR}/binder/start"' in dockerfile or "binder/start" in dockerfile


def test_every_package_exists():
    if shutil.which("apt-cache") is None:
        return  # nobody to ask on this system
    listed = subprocess.run(
        ["apt-cache", "policy", *packages()], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    candidates = [line for line in listed.splitlines() if "Candidate:" in line]
    assert len(candidates) == len(packages())
    assert not [line for line in candidates if "(none)" in line]


def test_the_sandbox_finds_all_it_needs_among_the_packages():
    from jupyter_ext.sandbox.requirements import PACKAGES

    jdk = {"default-jdk-headless": "openjdk-17-jdk-headless"}
    assert {jdk.get(name, name) for name in PACKAGES.values()} <= set(packages())


@pytest.mark.parametrize("hook", ["postBuild", "start"])
def test_the_hooks_can_be_run(hook):
    path = BINDER / hook
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)
    subprocess.run(["shellcheck", path], check=True)


def test_post_build_installs_from_the_repository():
    assert "pip install --no-cache-dir '.[lab]'" in (BINDER / "postBuild").read_text()


def run_as_a_container(home: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command with a home of its own and nothing of Jupyter's in the environment."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    environment = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": cache,  # Hadoop's jars, which the image has
    }
    return subprocess.run(
        command,
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )


def test_start_brings_the_clusters_up_within_the_memory_of_a_binder(tmp_path):
    sandbox = ("jupyter", "cluster", "sandbox")
    try:
        done = run_as_a_container(tmp_path, BINDER / "start", *sandbox, "status", "--json")
        assert done.returncode == 0, done.stderr
        status = json.loads(done.stdout[done.stdout.index("\n{") :])
        assert status["state"] == "running"
        assert {cluster["name"] for cluster in status["clusters"]} == {"dev", "prod", "stage"}
        assert 0 < status["memory_mb"] < MEMORY_LIMIT_MB
        profiles = {path.name for path in (tmp_path / ".jupyter" / "clusters").iterdir()}
        assert profiles >= {"dev", "prod", "stage"}
    finally:
        down = run_as_a_container(tmp_path, *sandbox, "down")
    assert down.returncode == 0, down.stderr
    status = json.loads(run_as_a_container(tmp_path, *sandbox, "status", "--json").stdout)
    assert not [daemon for daemon in status["daemons"] if daemon["alive"]]


def test_start_runs_the_server_even_without_the_clusters(tmp_path):
    """The panel can then say what is missing; an image that does not start can't."""
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "jupyter"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    done = subprocess.run(
        [BINDER / "start", "echo", "served with", "its arguments"],
        env={"PATH": f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert done.stdout == "served with its arguments\n"
    assert "sandbox up" in done.stderr
