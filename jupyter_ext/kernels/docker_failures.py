"""Docker's own words, put into a cause and what to do about it."""

from __future__ import annotations

import re
from typing import Any

from jupyter_ext.kernels.models import Failure

LAST_LINES = 20
_KILLED = 137  # 128 + SIGKILL, as shells count
_TERMINATED = 143
_NO_PROGRAM = (126, 127)


def refused(said: str, image: str) -> Failure:
    """Why a container could not be made or started, by what the daemon said."""
    for pattern, cause, hint in _REFUSALS:
        if found := re.search(pattern, said, re.IGNORECASE):
            named = {"image": image, "what": found.group(1) if found.groups() else ""}
            return Failure(cause=cause.format(**named), hint=hint.format(**named), diagnostics=said)
    return Failure(
        cause="Docker could not start the kernel's container.",
        hint="What the daemon says is below; its own log may say more.",
        diagnostics=said,
    )


_REFUSALS = (
    (
        r"no space left on device",
        "The disk of the Docker daemon is full.",
        "Free some with docker system prune on its machine, or ask who runs it.",
    ),
    (
        r"could not select device driver|nvidia-container-cli|no known GPU vendor",
        "The Docker daemon has no GPU that a container can use.",
        "Ask for 0 GPUs, or have the NVIDIA container toolkit installed on its machine.",
    ),
    (
        r"network (\S+) not found",
        "There is no Docker network {what}.",
        "Choose one that docker network ls lists, or make it: docker network create {what}.",
    ),
    (
        r"bind source path does not exist: (\S+)",
        "The directory {what} that is to be mounted does not exist on the Docker daemon's machine.",
        "Correct volumes, or make the directory.",
    ),
    (
        r"invalid mount|invalid volume specification|invalid mode",
        "A volume is not written as Docker understands it.",
        "Write volumes as SOURCE:TARGET or SOURCE:TARGET:ro, both absolute paths or SOURCE a "
        "volume's name.",
    ),
    (
        r"exec: \"?([^\":]*docker-init|docker-init)\"?",
        "The Docker daemon lacks its init program.",
        "Install the package tini on its machine.",
    ),
    (
        r"exec (\S+) failed: (?:No such file|Permission denied)",  # docker-init's words
        "The image {image} has no program {what}, so the kernel's agent cannot run in it.",
        "Use an image with Python 3.6 or newer, or say where it is: kernels.docker.python.",
    ),
    (
        r"Range of CPUs is from \S+ to (\d+)",
        "The Docker daemon's machine has {what} cores, and the kernel asks for more.",
        "Ask for fewer vcores.",
    ),
    (
        r"Minimum memory limit allowed is (\S+)",
        "Docker gives a container {what} of memory at least, and the kernel asks for less.",
        "Ask for more memory_mb; a Python kernel needs about 100.",
    ),
    (
        r"conflict.*container name",
        "There is another container of this kernel's name.",
        "Remove it with docker rm, or start the kernel under another id.",
    ),
)


def not_pulled(said: str, image: str) -> Failure:
    """Why an image could not be had."""
    registry = registry_of(image)
    if re.search(r"no space left on device", said, re.IGNORECASE):
        return refused(said, image)
    # Registries say "denied" of what is not there, too.
    if re.search(r"denied|unauthorized|authentication|forbidden|no basic auth", said, re.I):
        cause = f"{registry} does not give you the image {image}: it is private, or not there."
        hint = (
            f"Check its name and tag; log in with docker login {registry} as the user who runs "
            "Jupyter."
        )
    elif re.search(r"manifest unknown|not found|does not exist", said, re.IGNORECASE):
        cause = f"There is no image {image}: neither the Docker daemon nor {registry} has it."
        hint = "Check its name and tag."
    elif re.search(r"too ?many ?requests|rate limit", said, re.IGNORECASE):
        cause = f"{registry} wants no more requests for the moment."
        hint = "Try again later, log in to it, or have the image pulled on the daemon's machine."
    elif re.search(r"invalid reference", said, re.IGNORECASE):
        cause = f"{image!r} is no name of an image."
        hint = "Write it as registry/name:tag."
    else:
        cause = f"The image {image} could not be pulled: {registry} cannot be reached or failed."
        hint = "Check the network of the Docker daemon's machine, or load the image there."
    return Failure(cause=cause, hint=hint, diagnostics=said)


def registry_of(image: str) -> str:
    """Name the host an image comes from: docker.io unless its name begins with one."""
    first, slash, _ = image.partition("/")
    return first if slash and (first == "localhost" or re.search(r"[.:]", first)) else "docker.io"


def out_of_memory(limit: int) -> Failure:
    """For a container, or the kernel in it, that needed more than its limit (bytes; 0: none)."""
    if not limit:
        return Failure(
            cause="The kernel was killed: the Docker daemon's machine ran out of memory.",
            hint="Ask for memory_mb, so that the kernel knows its limit, or free some there.",
        )
    gigabytes, wanted = limit / 2**30, 2 * limit // 2**20
    return Failure(
        cause=f"The kernel needed more memory than it has: killed at {gigabytes:.1f} of "
        f"{gigabytes:.1f} GB.",
        hint=f"Restart it with {wanted / 1024:.1f} GB, or hold less in memory at once.",
        memory_mb=wanted,
    )


def ended(inspected: dict[str, Any], log: str) -> Failure:
    """Why a container ended, by what ``docker inspect`` says and what it printed."""
    state, image = inspected["State"], str(inspected["Config"]["Image"])
    code = int(state.get("ExitCode") or 0)
    if state.get("OOMKilled"):
        limit = int(inspected["HostConfig"].get("Memory") or 0)
        return out_of_memory(limit).model_copy(update={"diagnostics": log})
    if said := str(state.get("Error") or ""):
        failure = refused(said, image)
        return failure.model_copy(update={"diagnostics": f"{said}\n{log}".strip()})
    if code in _NO_PROGRAM:
        failure = refused(log, image)
        return failure.model_copy(update={"diagnostics": log})
    last = next((line for line in reversed(log.splitlines()) if line.strip()), "")
    if state.get("Status") == "created":
        cause, hint = "The kernel's container was never started.", "Start the kernel again."
    elif code in (_KILLED, _TERMINATED):
        cause = "The kernel's container was stopped from outside."
        hint = "Ask who administers the Docker daemon; start the kernel again."
    elif code == 0:
        cause, hint = "The kernel's container has ended by itself.", "Start the kernel again."
    else:
        cause = f"The kernel's container ended with exit code {code}" + (
            f": {last.strip()}" if last else "."
        )
        hint = f"Check that the image {image} has Python 3.6 or newer and the kernel's packages."
    return Failure(cause=cause, hint=hint, diagnostics=log)


def no_volume(name: str) -> Failure:
    """For a volume that Docker would silently make, empty."""
    return Failure(
        cause=f"There is no Docker volume {name}.",
        hint=f"Choose one that docker volume ls lists, or make it: docker volume create {name}.",
    )


def gone() -> Failure:
    """For a container that somebody removed."""
    return Failure(
        cause="The kernel's container is no longer there: it was removed from outside.",
        hint="Start the kernel again; ask who administers the Docker daemon.",
    )
