"""Container logs from a NodeManager's REST API (``NMWebServices``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from jupyter_ext.errors import BadAnswer, NotFound
from jupyter_ext.hadoop.connection import Connection
from jupyter_ext.hadoop.models import Attempt, LogTail
from jupyter_ext.hadoop.wire import count, members, text

MAX_TAIL_BYTES = 1 << 20
_HEADER = re.compile(r"\A(?:.*\n)*?LogContents:\n", re.MULTILINE)
_FOOTER = re.compile(r"\n?End of LogType:.*\s*(?:\*+\s*)?\Z")


async def tail(
    connection: Connection, app_id: str, attempts: Sequence[Attempt], file: str, size_bytes: int
) -> LogTail:
    """Read the end of a log file of the latest attempt that has a container.

    Raises
    ------
    NotFound
        If no attempt has one, the NodeManager has forgotten it, or there is no such file.
    """
    profile = connection.profile
    placed = [attempt for attempt in attempts if attempt.container and attempt.node_url]
    if not placed:
        raise NotFound(
            f"{app_id} has no log yet: no container has been started for it.",
            hint="It gets one when it leaves the state ACCEPTED.",
            cluster=profile.name,
        )
    attempt = placed[-1]
    container = quote(attempt.container, safe="")
    base = f"{attempt.node_url}/ws/v1/node"
    try:
        found = await connection.get_json(f"{base}/containers/{container}/logs")
    except (NotFound, BadAnswer) as error:
        # A NodeManager wraps the 404 for a container it does not know into a 503.
        if isinstance(error, BadAnswer) and "404 Not Found" not in error.message:
            raise
        raise NotFound(
            f"The NodeManager at {attempt.node_url} does not know {attempt.container}: it has not "
            "started yet, or is long gone.",
            hint="If log aggregation is on, `yarn logs -applicationId "
            f"{app_id}` still finds what it wrote.",
            cluster=profile.name,
        ) from None
    sizes = {
        text(item, "fileName"): count(item, "fileSize")
        for group in _groups(found)
        for item in members(group, "containerLogInfo")
    }
    names = sorted(sizes)
    wanted = file or next((name for name in ("stderr", "stdout") if sizes.get(name)), "")
    wanted = wanted or (names[0] if names else "")
    if wanted not in sizes:
        raise NotFound(
            f"{attempt.container} has no log file {wanted}."
            if wanted
            else f"{attempt.container} has written no log yet.",
            hint=f"It has {', '.join(names)}." if names else "",
            cluster=profile.name,
        )
    size = max(1, min(size_bytes, MAX_TAIL_BYTES))
    data = bytearray()
    async with connection.stream(
        "GET",
        f"{base}/containerlogs/{container}/{quote(wanted, safe='')}",
        params={"size": -size},
        headers={"Accept": "text/plain"},
    ) as response:
        async for chunk in response.aiter_bytes():
            data += chunk
            if len(data) > MAX_TAIL_BYTES + 4096:
                break
    content = data.decode("utf-8", "replace")
    content = _FOOTER.sub("", _HEADER.sub("", content))
    return LogTail(
        app=app_id,
        container=attempt.container,
        file=wanted,
        files=names,
        text=content,
        truncated=sizes[wanted] > size,
    )


def _groups(found: object) -> list[dict[str, object]]:
    """Give the parts of the list: one per place that logs lie in (local, aggregated)."""
    return [dict(group) for group in members(found, "containerLogsInfo")] or (
        [dict(group) for group in members(found)] if isinstance(found, list) else []
    )
