"""What real daemons say of applications that fail, in words for people."""

from __future__ import annotations

import re

import pytest

from jupyter_ext.kernels.backend import LaunchFailed
from tests.kernels.yarn import Yarn, agent_that

REGISTERED = """
import os, sys
from jupyter_ext_agent.yarn import master
am = master.ApplicationMaster(None, os.environ)
am.start()
am.finish("FAILED", "The kernel never answered.")
"""

PROGRAMS = {
    "a Python exception": (
        "raise RuntimeError('no such luck')",
        {},
        r"The kernel's agent ended with exit code 1: RuntimeError: no such luck",
    ),
    "no word": ("pass", {}, r"The kernel's agent ended at once, without a word to Development"),
    "kill -9": (
        "import os; os.kill(os.getpid(), 9)",
        {},
        r"The kernel's container was killed from outside",
    ),
    "kill -15": (
        "import os; os.kill(os.getpid(), 15)",
        {},
        r"The kernel's container was killed from outside",
    ),
    "its own words": (REGISTERED, {}, r"The kernel's agent ended: The kernel never answered\."),
    "no program": (
        "pass",
        {"python": "python3.99"},
        r"The node of Development has no program python3\.99",
    ),
    "no file": (
        "pass",
        {"python": "/opt/nowhere/python"},
        r"The node of Development has no program /opt/nowhere/python",
    ),
    "an unknown queue": ("pass", {"queue": "nosuch"}, r"Development has no queue nosuch\."),
    "a parent queue": (
        "pass",
        {"queue": "root"},
        r"The queue root of Development only holds other queues",
    ),
    "an unknown label": ("pass", {"node_label": "gpu"}, r"The nodes of Development have no labels"),
}


@pytest.fixture
def yarn(sandbox, tmp_path):
    return Yarn(sandbox.layers, tmp_path)


@pytest.mark.parametrize("case", PROGRAMS)
async def test_an_application_that_fails(sandbox, tmp_path, case):
    code, values, expected = PROGRAMS[case]
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(code))
    try:
        failure, _ = await yarn.outcome(yarn.order(**values))
    except LaunchFailed as error:
        failure = error.failure
    assert re.search(expected, failure.cause), failure
    assert failure.hint
    assert failure.memory_mb is None
    assert failure.diagnostics


async def test_too_much_memory(sandbox, tmp_path):
    code = "import time; held = b'x' * (600 << 20); time.sleep(60)"
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(code))
    failure, _ = await yarn.outcome(yarn.order(memory_mb=192))
    assert failure.cause.startswith("The kernel needed more memory than it has: killed at ")
    used, limit = failure.cause.removesuffix(" MB.").rpartition("at ")[2].split(" of ")
    assert limit == "192"
    assert int(used) > 192
    assert failure.memory_mb == 384
    assert "384 MB" in failure.hint
    assert "beyond the 'PHYSICAL' memory limit" in failure.diagnostics
