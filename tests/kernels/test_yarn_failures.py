"""What real daemons say of applications that fail, in words for people."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import pytest

from jupyter_ext.errors import InvalidInput
from jupyter_ext.hadoop.application_token import application_token
from jupyter_ext.hadoop.token_issuers import HdfsIssuer
from jupyter_ext.kernels import yarn_failures
from jupyter_ext.kernels.backend import LaunchFailed
from jupyter_ext.kernels.yarn_exits import Ended
from jupyter_ext.kernels.yarn_launch import Wanted, context, task_of
from jupyter_ext.kernels.yarn_staging import Staging
from jupyter_ext.kernels.yarn_watch import OVER
from tests.conftest import eventually
from tests.kernels.yarn import OWNER, Yarn, agent_that

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


async def submitted(yarn, cluster, **changes):
    """What becomes of an application whose submission was spoilt: the words about its end."""
    order = yarn.order(cluster)
    wanted, profile = Wanted.of(order), order.profile
    async with yarn.open(cluster) as hadoop:
        manager = hadoop.resourcemanager
        app_id = (await manager.new_application()).id
        agent = await Staging(hadoop, lambda what: None).agent(yarn.agent())
        given = {
            "resources": [agent],
            "token": await application_token(hadoop),
            "task": task_of(profile, wanted, [agent], second=False),
            "user": OWNER,
        }
        given |= {key: await make(hadoop, agent) for key, make in changes.items()}
        await manager.submit(context(order, wanted, app_id, **given))

        async def over():
            app = await manager.app(app_id)
            return app if app.state in OVER else None

        app = await eventually(over)
        return yarn_failures.explain(Ended(profile.title, app.state, app.diagnostics, 0))


async def test_a_file_that_was_replaced(yarn):
    async def older(hadoop, agent):
        return [replace(agent, timestamp_ms=1)]

    failure = await submitted(yarn, "dev", resources=older)
    assert re.search(
        r"agent-\w+\.pyz was replaced while the kernel was being started", failure.cause
    )


async def test_a_file_that_is_gone(yarn):
    async def elsewhere(hadoop, agent):
        return [replace(agent, url=f"{agent.url}.gone")]

    failure = await submitted(yarn, "dev", resources=elsewhere)
    assert failure.cause.startswith("The kernel's files in HDFS are gone: ")


async def test_no_token_on_a_cluster_with_kerberos(sandbox, tmp_path):
    # One that no node has fetched before, with a token.
    yarn = Yarn(sandbox.layers, tmp_path, agent_that(f"pass # {uuid.uuid4()}"))

    async def none(hadoop, agent):
        return None

    failure = await submitted(yarn, "prod", token=none)
    assert failure.cause == "The node of Production could not read the kernel's files from HDFS."
    assert "Log in again" in failure.hint


async def test_a_token_that_the_resourcemanager_may_not_renew(yarn):
    async def for_nobody(hadoop, agent):
        issuer = HdfsIssuer(
            hadoop.connection, hadoop.namenode, "", renewer="nobody", interval_s=86400
        )
        return (await issuer.issue()).token

    failure = await submitted(yarn, "prod", token=for_nobody)
    assert "could not renew the HDFS token" in failure.cause


@pytest.mark.parametrize(
    ("memory_mb", "vcores", "expected"),
    [
        (1 << 20, 1, "The kernel asks for more memory than a container of dev may have."),
        (128, 999, "The kernel asks for more cores than a container of dev may have."),
        (-1, 1, "The kernel asks for less than nothing."),
    ],
)
async def test_what_the_resourcemanager_does_not_take(yarn, memory_mb, vcores, expected):
    order = yarn.order()
    wanted = replace(Wanted.of(order), memory_mb=memory_mb, vcores=vcores)
    task = task_of(order.profile, wanted, [], second=False)
    async with yarn.open() as hadoop:
        app_id = (await hadoop.resourcemanager.new_application()).id
        body = context(order, wanted, app_id, resources=[], token=None, task=task, user=OWNER)
        with pytest.raises(InvalidInput) as caught:
            await hadoop.resourcemanager.submit(body)
    assert yarn_failures.refused("dev", caught.value.message).cause == expected


async def test_a_shell_that_does_not_understand(yarn, sandbox):
    with sandbox.application(command="if (") as app_id:
        handle = {"cluster": "dev", "application": app_id, "second": False, "memory_mb": 128}
        failure = await yarn.backend.watch(handle, lambda *_: None)
    assert failure.cause == "The node's shell does not understand how the kernel is started."


async def test_the_words_that_no_test_can_bring_about():
    """Texts of the same classes of Hadoop for what takes another cluster, or ten minutes."""
    attempt = "Application application_1_0001 failed 1 times due to "
    for said, expected in (
        (
            f"{attempt}AM Container for appattempt_1_0001_000001 exited with  exitCode: -102\n"
            "Container preempted by scheduler",
            "Production took the kernel's container back for a queue",
        ),
        (
            f"{attempt}ApplicationMaster for attempt appattempt_1_0001_000001 timed out.",
            "The kernel's agent did not report to the ResourceManager of Production in time.",
        ),
        (
            "User alice cannot submit applications to queue root.etl",
            "You may not submit to the queue root.etl of Production.",
        ),
        (
            "Queue root.etl is STOPPED. Cannot accept submission of application: application_1_1",
            "The queue root.etl of Production has been stopped",
        ),
        (
            "Queue root.etl already has 10 applications, cannot accept submission of application: "
            "application_1_0001",
            "The queue root.etl of Production holds 10 applications, its most.",
        ),
        (
            f"{attempt}AM Container for appattempt_1_0001_000001 exited with  exitCode: -103\n"
            "Container [pid=1,containerID=c] is running 1B beyond the 'VIRTUAL' memory limit. "
            "Current usage: 100.0 MB of 2 GB physical memory used; 5.1 GB of 4.2 GB virtual memory "
            "used. Killing container.",
            "The kernel reserved more address space than its container may: killed at 5.1 of 4.2",
        ),
        (
            # Hadoop 2
            f"{attempt}AM Container for appattempt_1_0001_000001 exited with  exitCode: -104\n"
            "Container [pid=1,containerID=c] is running beyond physical memory limits. Current "
            "usage: 2.1 GB of 2 GB physical memory used; 3.1 GB of 4.2 GB virtual memory used.",
            "The kernel needed more memory than it has: killed at 2.1 of 2.0 GB.",
        ),
        (
            f"{attempt}AM Container for appattempt_1_0001_000001 exited with  exitCode: -1000\n"
            "main : run as user is alice\nmain : requested yarn user is alice\n"
            "User alice not found",
            "The nodes of Production do not run containers of yours",
        ),
    ):
        failure = yarn_failures.explain(Ended("Production", "FAILED", said, 2048))
        assert failure.cause.startswith(expected), failure
        assert failure.hint
        assert (failure.memory_mb == 4096) == ("killed at" in expected)
