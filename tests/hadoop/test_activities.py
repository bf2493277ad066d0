"""What the scheduler says it did with an application; answers as Hadoop 3.5.0 gave them."""

from __future__ import annotations

import pytest

from jupyter_ext.hadoop import activities
from jupyter_ext.hadoop.clients import Hadoop
from tests.fakes.raw_server import raw_server
from tests.hadoop.daemons import as_json, profile, remote_exception

APP = "application_1795517419148_0011"
TIME = {"timestamp": 1795517558859, "dateTime": "Tue Nov 24 10:52:38 UTC 2026"}
HEADROOM = "Queue does not have enough headroom for inner highest-priority request"
RECEIVED = {"diagnostic": "Successfully received action: refresh", **TIME}
NOTHING = {"diagnostic": "waiting for display", **TIME}


def attempt(*requests, **more):
    return {"allocationState": "SKIPPED", "appPriority": -1, "children": requests, **TIME, **more}


def rejected(diagnostic, **more):
    return {"allocationState": "REJECTED", "diagnostic": diagnostic, "requestPriority": 1, **more}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(activities, "PAUSE_S", 0)


async def ask(*answers):
    """Ask a scheduler that gives these answers in turn, the last one from then on."""
    left = list(answers)

    async def script(_, writer):
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, bytes):
            writer.write(answer)
        else:
            writer.write(as_json({"appActivities": {"applicationId": APP, **answer}}))

    async with raw_server(script) as server, Hadoop.open(profile([server.url()])) as hadoop:
        found = await hadoop.resourcemanager.activities(APP)
    assert found.app == APP
    return found, [head.split()[1] for head in server.requests]


async def test_recording_is_asked_for_and_then_read():
    recorded = {"allocations": [attempt(rejected(HEADROOM), queueName="small")] * 100}
    found, asked = await ask(RECEIVED, NOTHING, recorded)
    assert (found.waiting, found.details) == (HEADROOM, [])
    assert ["actions=refresh" in target for target in asked] == [True, False, False]


async def test_the_most_frequent_reason_comes_first_and_nodes_are_named():
    no_room = "Node does not have sufficient resource for request"
    node = {"nodeId": "worker1:8041", "diagnostic": no_room, "allocationState": "SKIPPED"}
    request = {"allocationState": "SKIPPED", "requestPriority": 1, "children": [node]}
    found, _ = await ask({"allocations": [attempt(rejected(HEADROOM)), *[attempt(request)] * 2]})
    assert found.waiting == f"worker1:8041: {no_room}"
    assert found.details == [HEADROOM]


async def test_another_scheduler_does_not_tell():
    found, asked = await ask({"diagnostic": "Not Capacity Scheduler", **TIME})
    assert found.waiting.startswith("Only the Capacity Scheduler tells why")
    assert len(asked) == 1


async def test_an_application_that_the_scheduler_does_not_look_at():
    found, asked = await ask(RECEIVED, NOTHING)
    assert found.waiting == "The scheduler did not look at this application in the last seconds."
    assert len(asked) == activities.ATTEMPTS


async def test_an_older_scheduler_that_fails_on_the_question():
    refuse = remote_exception("NullPointerException", "", "500 Server Error")
    found, _ = await ask(refuse)
    assert found.waiting.startswith("The scheduler does not tell: ")
