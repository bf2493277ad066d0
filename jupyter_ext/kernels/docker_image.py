"""Getting an image onto a Docker daemon, and saying how far it is."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from pathlib import Path
from typing import Any

from jupyter_ext.errors import Unavailable
from jupyter_ext.kernels.backend import LaunchFailed, Tell
from jupyter_ext.kernels.docker_daemon import NOT_FOUND, Daemon, Refused
from jupyter_ext.kernels.docker_failures import not_pulled, registry_of

_TELL_S = 0.5
_HELPER_S = 10.0
_INDEX = "https://index.docker.io/v1/"  # what docker login calls docker.io


async def ensure(daemon: Daemon, image: str, tell: Tell, cluster: str | None) -> dict[str, Any]:
    """Give what ``docker inspect`` says of an image, pulling it only if the daemon lacks it.

    Raises
    ------
    LaunchFailed
        If it cannot be had, with the registry's words.
    """
    try:
        return await daemon.image(image)
    except Refused as refusal:
        if refusal.status != NOT_FOUND:
            raise LaunchFailed(not_pulled(refusal.said, image), cluster) from refusal
    tell("pulling", f"{image} from {registry_of(image)}")
    try:
        await _pull(daemon, image, tell)
        return await daemon.image(image)
    except Refused as refusal:
        raise LaunchFailed(not_pulled(refusal.said, image), cluster) from refusal


async def _pull(daemon: Daemon, image: str, tell: Tell) -> None:
    login = await _login(registry_of(image))
    sizes: dict[str, tuple[int, int]] = {}
    told_at = 0.0
    async for item in daemon.pull(_full_name(image), login):
        layer, detail = item.get("id", ""), item.get("progressDetail") or {}
        if item.get("status") == "Downloading" and detail.get("total"):
            sizes[layer] = (detail["current"], detail["total"])
        elif item.get("status") in ("Download complete", "Pull complete") and layer in sizes:
            sizes[layer] = (sizes[layer][1],) * 2
        if sizes and time.monotonic() - told_at >= _TELL_S:
            told_at = time.monotonic()
            have, total = (sum(column) / 1e6 for column in zip(*sizes.values(), strict=True))
            tell("pulling", f"{image}: {have:.0f} of {total:.0f} MB")


def _full_name(image: str) -> str:
    """Name the registry of Docker Hub's images too; credentials are only sent to a named one."""
    if registry_of(image) != "docker.io":
        return image
    name = image.removeprefix("docker.io/")
    return f"docker.io/{name if '/' in name else f'library/{name}'}"


async def _login(registry: str) -> dict[str, str] | None:
    """Find what ``docker login`` has kept for a registry, in its file or a credential helper."""
    home = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        config = json.loads(await asyncio.to_thread((home / "config.json").read_text))
    except (OSError, ValueError):
        return None
    key = _INDEX if registry == "docker.io" else registry
    helper = config.get("credHelpers", {}).get(registry) or config.get("credsStore")
    if helper:
        return await _ask_helper(f"docker-credential-{helper}", key)
    encoded = config.get("auths", {}).get(key, {}).get("auth")
    if not encoded:
        return None
    user, _, password = base64.b64decode(encoded).decode().partition(":")
    return {"username": user, "password": password, "serveraddress": key}


async def _ask_helper(program: str, registry: str) -> dict[str, str] | None:
    """Ask a credential helper (protocol: github.com/docker/docker-credential-helpers)."""
    pipe = asyncio.subprocess.PIPE
    try:
        child = await asyncio.create_subprocess_exec(
            program, "get", stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise Unavailable(
            f"Docker's configuration names the credential helper {program}, which is not there.",
            hint="Install it, or remove it from ~/.docker/config.json.",
        ) from error
    try:
        async with asyncio.timeout(_HELPER_S):
            answer, _ = await child.communicate(registry.encode())
    except TimeoutError as error:
        child.kill()
        raise Unavailable(f"The credential helper {program} does not answer.") from error
    if child.returncode:
        return None  # it knows nothing of this registry; public images need no login
    kept = json.loads(answer)
    if kept["Username"] == "<token>":
        return {"identitytoken": kept["Secret"], "serveraddress": registry}
    return {
        "username": kept["Username"],
        "password": kept["Secret"],
        "serveraddress": registry,
    }
