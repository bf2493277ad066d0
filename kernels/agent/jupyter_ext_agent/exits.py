"""Why a kernel's process ended, in a sentence for a person."""

import os
import signal
from typing import Any, Dict, List, Optional

NOT_FOUND = 127
NOT_STARTED = 126
"""What shells say for a program that is not there, and for one that does not run."""
KEPT_LINES = 200


def of_status(
    status: int, lines: List[str], used_mb: Optional[int], limit_mb: Optional[int], starved: bool
) -> Dict[str, Any]:
    """Make the exit report of ``os.waitpid``'s status.

    Parameters
    ----------
    lines
        The last that the kernel printed.
    used_mb, limit_mb
        The most memory that was seen in use, and what may be used, if known.
    starved
        Whether the control group says that something was killed for memory.
    """
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    signum = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    killed = signum == signal.SIGKILL or code == 128 + signal.SIGKILL
    memory = None
    if killed and (starved or _is_near(used_mb, limit_mb)):
        memory = {"used_mb": used_mb, "limit_mb": limit_mb}
        cause = _for_memory(used_mb, limit_mb)
    elif killed:
        cause = "The kernel was killed (SIGKILL), probably because memory ran out."
    elif signum is not None:
        cause = f"The kernel was ended by {_name(signum)}."
    elif code == 0:
        cause = "The kernel ended by itself."
    else:
        cause = f"The kernel ended with exit code {code}{_last_words(lines)}"
    return _report(code, signum, cause, lines, memory)


def of_error(error: OSError, program: str, host: str, lines: List[str]) -> Dict[str, Any]:
    """Make the exit report of a program that could not be started."""
    if isinstance(error, FileNotFoundError):
        return _report(NOT_FOUND, None, f"There is no program {program} on {host}.", lines)
    cause = f"The program {program} cannot be started on {host}: {error.strerror or error}."
    return _report(NOT_STARTED, None, cause, lines)


def _report(
    code: Optional[int],
    signum: Optional[int],
    cause: str,
    lines: List[str],
    memory: Optional[Dict[str, Any]] = None,
) -> Dict[str, Any]:
    return {"code": code, "signal": signum, "cause": cause, "lines": lines, "memory": memory}


def _is_near(used_mb: Optional[int], limit_mb: Optional[int]) -> bool:
    return used_mb is not None and limit_mb is not None and used_mb >= limit_mb * 0.97


def _for_memory(used_mb: Optional[int], limit_mb: Optional[int]) -> str:
    if used_mb is None or limit_mb is None:
        return "The kernel was killed because memory ran out."
    used, limit = used_mb / 1024, limit_mb / 1024
    return f"The kernel was killed because memory ran out: at {used:.1f} of {limit:.1f} GB."


def _name(signum: int) -> str:
    if signum == signal.SIGSEGV:
        return "a crash (SIGSEGV, memory that is not its own)"
    try:
        return signal.Signals(signum).name
    except ValueError:
        return f"signal {signum}"


def _last_words(lines: List[str]) -> str:
    for line in reversed(lines):
        if line.strip():
            return f": {line.strip()[:300]}"
    return "."
