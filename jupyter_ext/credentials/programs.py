"""Runs the Kerberos programs as children, so that a dead KDC costs a deadline and nothing else.

libkrb5 in this process would wait 25 s for a KDC that does not answer, for some calls with the
interpreter's lock held, and knows one configuration at a time. A child has a configuration of its
own and can be ended at any moment.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_ext.errors import Unavailable, Unreachable

TIMEOUT_S = 5.0
MAX_OUTPUT_BYTES = 64 << 10
_PATH = "/usr/bin:/usr/local/bin:/bin:/usr/lib/mit/bin:/opt/homebrew/opt/krb5/bin"


class TooSlow(Unreachable):
    """A child was ended because its time was up."""


@dataclass(frozen=True)
class Answer:
    """What a program said when it was done."""

    code: int
    output: str
    """Standard output."""
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
            output, complaint = await process.communicate(text.encode())
    except TimeoutError:
        raise TooSlow(f"{Path(argv[0]).name} did not finish within {timeout_s:g} s.") from None
    finally:
        if process.returncode is None:
            process.kill()
            # Reaped even when this task is being cancelled: a child that is killed ends at once.
            await asyncio.shield(process.wait())
    return Answer(
        process.returncode or 0,
        output.decode("utf-8", "replace"),
        complaint.decode("utf-8", "replace"),
    )
