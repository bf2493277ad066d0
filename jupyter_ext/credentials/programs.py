"""Runs the Kerberos programs as children, so that a dead KDC costs a deadline and nothing else.

libkrb5 in this process would wait 25 s for a KDC that does not answer, for some calls with the
interpreter's lock held, and knows one configuration at a time. A child has a configuration of its
own and can be ended at any moment.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_ext.errors import BadAnswer, Unavailable, Unreachable

TIMEOUT_S = 5.0
MAX_OUTPUT_BYTES = 64 << 10
_PATH = "/usr/bin:/usr/local/bin:/bin:/usr/lib/mit/bin:/opt/homebrew/opt/krb5/bin"


class TooSlow(Unreachable):
    """A child was ended because its time was up."""


class TooMuch(BadAnswer):
    """A child was ended because it wrote more than anyone wants to read."""


@dataclass(frozen=True)
class Answer:
    """What a program said when it was done."""

    code: int
    output: str = field(repr=False)
    """Standard output; may hold a secret."""
    complaint: str
    """Standard error."""


def find(name: str) -> str:
    """Find a program of MIT Kerberos.

    Raises
    ------
    Unavailable
        If it is not installed.
    """
    search = os.pathsep.join([os.environ.get("PATH", ""), _PATH])
    if (path := shutil.which(name, path=search)) is None:
        raise Unavailable(
            f"The Kerberos program {name} is not installed beside the Jupyter server.",
            hint="It is in the package krb5-user (Debian) or krb5-workstation (Red Hat).",
        )
    return path


async def run(
    argv: list[str],
    environment: Mapping[str, str],
    *,
    text: str = "",
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Run a program to its end, or to the end of its time.

    Parameters
    ----------
    argv
        Program and arguments; they are public, as everyone sees them in the process list.
    environment
        Everything it gets; nothing of this process's own is inherited.
    text
        For its standard input: the place for a password.
    timeout_s
        Seconds after which it is killed. A caller that is cancelled kills it too.

    Raises
    ------
    TooSlow
        When its time was up.
    TooMuch
        When it had written more than ``MAX_OUTPUT_BYTES``.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MAX_OUTPUT_BYTES,
        env={"PATH": _PATH, "LC_ALL": "C", **environment},
        cwd="/",
        # So that nothing of it can ask the terminal that the server was started in.
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            async with asyncio.TaskGroup() as group:
                output = group.create_task(_read(process, process.stdout))
                complaint = group.create_task(_read(process, process.stderr))
                group.create_task(_feed(process.stdin, text.encode()))
            await process.wait()
    except TimeoutError:
        raise TooSlow(f"{Path(argv[0]).name} did not finish within {timeout_s:g} s.") from None
    finally:
        # Reaped even when this task is being cancelled: a child that is killed ends at once.
        await asyncio.shield(_end(process))
    if max(len(output.result()), len(complaint.result())) > MAX_OUTPUT_BYTES:
        raise TooMuch(f"{Path(argv[0]).name} wrote more than {MAX_OUTPUT_BYTES >> 10} KiB.")
    return Answer(
        process.returncode or 0,
        output.result().decode("utf-8", "replace"),
        complaint.result().decode("utf-8", "replace"),
    )


async def _feed(stream: asyncio.StreamWriter | None, data: bytes) -> None:
    if stream is None:
        return
    # A program may end, or close its input, without reading what it is told.
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(data)
        await stream.drain()
    stream.close()


async def _read(process: asyncio.subprocess.Process, stream: asyncio.StreamReader | None) -> bytes:
    """Read to the end; a program that writes too much is ended, and the rest thrown away."""
    read = bytearray()
    while stream and (piece := await stream.read(MAX_OUTPUT_BYTES)):
        if len(read) <= MAX_OUTPUT_BYTES:
            read += piece
        if len(read) > MAX_OUTPUT_BYTES:
            _kill(process)
    return bytes(read)


def _kill(process: asyncio.subprocess.Process) -> None:
    # Its children too: they would keep its pipes open, and waiting for it would not end.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _end(process: asyncio.subprocess.Process) -> None:
    streams = [stream for stream in (process.stdout, process.stderr) if stream]
    if process.returncode is not None and all(stream.at_eof() for stream in streams):
        return
    _kill(process)
    # A pipe is closed when it was read to its end, and only then is waiting over.
    await asyncio.gather(*(stream.read() for stream in streams), process.wait())
