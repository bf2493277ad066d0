"""What tests of kernels share."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker_engine import DockerEngine, docker_engine
from tests.kernels import served
from tests.kernels.docker_kernels import DockerKernels

_AGENT_TEST = re.compile(r"test_an_agent_from_its_start_to_its_end\[(.+)\]$")


@pytest.fixture(scope="session")
def docker() -> Iterator[DockerEngine]:
    """A real Docker daemon with images for kernels."""
    with docker_engine() as engine:
        yield engine


@pytest.fixture
def docker_kernels(docker, monkeypatch) -> Iterator[DockerKernels]:
    """Kernels in containers; whatever a test does, none is left."""
    monkeypatch.setenv("DOCKER_HOST", docker.host)
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    directory = Path(tempfile.mkdtemp(prefix="jx"))
    kernels = DockerKernels(docker, directory)
    kernels.hub.start()
    yield kernels
    kernels.end()
    shutil.rmtree(directory)


def pytest_terminal_summary(terminalreporter) -> None:
    """Say on which Pythons the agent was tested: a machine has those that it has."""
    passed = terminalreporter.stats.get("passed", [])
    found = (_AGENT_TEST.search(report.nodeid) for report in passed)
    if versions := [match[1] for match in found if match]:
        terminalreporter.write_line(f"The agent was tested on Python {', '.join(versions)}.")


@pytest.fixture
def kernels_root(tmp_path) -> Iterator[Path]:
    """A directory for servers, with kernelspecs; whatever a test does, none of its agents stays."""
    served.write_specs(tmp_path / "data")
    yield tmp_path
    for agent in served.agents(tmp_path):
        agent.kill()
