"""An application that outlives a ResourceManager, and one that does not outlive its node."""

from __future__ import annotations

import asyncio
import os

import pytest

from jupyter_ext.sandbox import hadoop, site
from jupyter_ext.sandbox.sandbox import Sandbox
from jupyter_ext.sandbox.spec import Wish
from tests.conftest import eventually
from tests.hadoop_sandbox import RunningSandbox
from tests.kernels.yarn import Yarn, agent_that

EXPIRY = "yarn.am.liveness-monitor.expiry-interval-ms"
SOON = {
    # Three times the expiry is the least that a ResourceManager accepts for the other.
    EXPIRY: 4000,
    "yarn.resourcemanager.am-rm-tokens.master-key-rolling-interval-secs": 13,
}
TELLS = """
import os, time
from jupyter_ext_agent.yarn.master import ApplicationMaster
from jupyter_ext_agent.yarn.scheduler import Scheduler

told = []

def telling(real):
    def call(self, *arguments):
        real(self, *arguments)
        told.append(real.__name__)
    return call

for name in ("register", "_roll"):
    setattr(Scheduler, name, telling(getattr(Scheduler, name)))
master = ApplicationMaster(None, os.environ)
master.start()
while told.count("register") < 2 or told[-1] != "_roll":
    time.sleep(0.1)
# The next calls show the new token.
time.sleep(1)
master.finish("SUCCEEDED", " ".join(told))
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A cluster of these tests' own: two ResourceManagers, which soon replace tokens."""
    own = RunningSandbox.below(tmp_path_factory.mktemp("pair"))
    server, client = site.server, site.client

    def soon(cluster):
        found = server(cluster)
        return {**found, "yarn-site.xml": {**found["yarn-site.xml"], **SOON}}

    def known(cluster):
        found = client(cluster)
        return {**found, "yarn-site.xml": {**found["yarn-site.xml"], EXPIRY: SOON[EXPIRY]}}

    wish = Wish(clusters=("dev",), processes=True, rm_ha=True, until_exit=os.getpid())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.environment.items():
            patch.setenv(name, value)
        patch.setattr(hadoop, "server", soon)
        patch.setattr(site, "client", known)
        asyncio.run(Sandbox(own.directory).up(wish, lambda line: None))
    yield own
    own.run("down", "--purge")


async def test_it_follows_a_failover_and_uses_the_new_token(pair, tmp_path):
    yarn = Yarn(pair.layers, tmp_path, agent_that(TELLS))
    order = yarn.order()
    told = []
    handle = await yarn.backend.prepare(order, lambda *_: None)
    await yarn.backend.start(order, handle, lambda *_: None)
    watching = asyncio.create_task(yarn.backend.watch(handle, lambda name, _: told.append(name)))
    await eventually(lambda: "starting" in told)
    await asyncio.to_thread(pair.kill, "dev-resourcemanager")
    assert (await yarn.backend.inspect(handle)).alive is None
    await asyncio.to_thread(pair.activate, "dev", "rm2")
    async with asyncio.timeout(90):
        failure = await watching
    assert failure.cause == "The kernel's agent ended: register register _roll"


async def test_its_node_is_lost(pair, tmp_path):
    yarn = Yarn(pair.layers, tmp_path)
    async with yarn.started(yarn.order()) as (handle, phases):
        await eventually(lambda: "starting" in phases.names)
        await asyncio.to_thread(pair.kill, "dev-nodemanager")

        async def over():
            condition = await yarn.backend.inspect(handle)
            return condition if condition.alive is False else None

        condition = await eventually(over)
    assert condition.failure.cause == "The node of Development on which the kernel ran was lost."
