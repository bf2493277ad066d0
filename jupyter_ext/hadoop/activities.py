"""What the scheduler says it did with an application (``AppActivitiesInfo``)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_ext.errors import BadAnswer
from jupyter_ext.hadoop.connection import Parameters
from jupyter_ext.hadoop.models import AppActivities
from jupyter_ext.hadoop.wire import Json, member, members, text

ATTEMPTS = 4
PAUSE_S = 1.0
"""Recording starts with the first question; a scheduler round later there is something to say."""
_MOST_DETAILS = 10


async def ask_activities(get: Callable[[Parameters], Awaitable[Any]], app_id: str) -> AppActivities:
    """Let the scheduler record its decisions, and read them.

    Parameters
    ----------
    get
        Asks ``scheduler/app-activities/{id}`` with a query.
    app_id
        The application.
    """
    sentences: list[str] = []
    diagnostic = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(PAUSE_S)
        try:
            answer = await get({"actions": "get" if attempt else "refresh", "maxTime": "5"})
        except BadAnswer as error:
            return AppActivities(
                app=app_id, waiting=f"The scheduler does not tell: {error.message}"
            )
        found = member(answer, "appActivities")
        diagnostic = text(found, "diagnostic")
        if "Not Capacity Scheduler" in diagnostic:
            return AppActivities(
                app=app_id,
                waiting="Only the Capacity Scheduler tells why it passes an application over.",
            )
        sentences = [
            sentence for item in members(found, "allocations") for sentence in _sentences(item)
        ]
        if sentences:
            break
    if not sentences:
        waiting = "The scheduler did not look at this application in the last seconds."
        details = [diagnostic] if diagnostic and "waiting" not in diagnostic.lower() else []
        return AppActivities(app=app_id, waiting=waiting, details=details)
    ranked = [sentence for sentence, _ in Counter(sentences).most_common(_MOST_DETAILS)]
    return AppActivities(app=app_id, waiting=ranked[0], details=ranked[1:])


def _sentences(found: Json) -> list[str]:
    """Every diagnostic below one allocation attempt, the innermost with its node."""
    own = text(found, "diagnostic").strip()
    state = text(found, "allocationState", "finalAllocationState", "activityState")
    nodes = members(found, "nodes") or members(found, "allocationAttempt")
    inner = [
        sentence
        for key in ("requestAllocation", "allocationAttempt", "children", "nodes")
        for item in members(found, key)
        for sentence in _sentences(item)
    ]
    if own:
        node = text(found, "nodeId")
        return [*inner, f"{node}: {own}" if node else own]
    if not inner and state and not nodes and text(found, "name"):
        return [f"{text(found, 'name')}: {state}"]
    return inner
