"""What is submitted to a ResourceManager: one container that runs the agent, or two."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from jupyter_ext_agent.yarn import container, token_file

from jupyter_ext.clusters.endpoints import split_address
from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.xml import Configuration
from jupyter_ext.credentials import hdts
from jupyter_ext.credentials.hdts import DelegationToken
from jupyter_ext.errors import Misconfigured
from jupyter_ext.kernels.backend import Order

MASTER_MB = 128
"""Of an ApplicationMaster that only asks for the kernel's container."""
TYPE = "JUPYTER"
TAG = "jupyter-ext"
AGENT = "agent.pyz"
ENVIRONMENT = "environment"
"""What an environment archive is unpacked as, in the container."""
_BIN = "bin/python"
"""Where conda-pack and venv-pack have it."""
_SCHEDULER = "yarn.resourcemanager.scheduler.address"
_SCHEDULER_PORT = 8030
_EXPIRY = "yarn.am.liveness-monitor.expiry-interval-ms"
_EXPIRY_MS = 600_000
_MOST_TAG_CHARACTERS = 100


@dataclass(frozen=True)
class Resource:
    """A file of HDFS that a NodeManager fetches before a container starts."""

    name: str
    url: str
    size: int
    timestamp_ms: int
    archive: bool = False

    def as_json(self) -> dict[str, Any]:
        """Describe it to the agent, which hands it on to the second container."""
        return {
            "name": self.name,
            "url": self.url,
            "size": self.size,
            "timestamp": self.timestamp_ms,
            "type": self._type,
            # Fetched once per node and user; PUBLIC would ask everybody to be able to read it.
            "visibility": "PRIVATE",
        }

    def entry(self) -> dict[str, Any]:
        """Describe it to the ResourceManager."""
        value = {
            "resource": self.url,
            "type": self._type,
            "visibility": "PRIVATE",
            "size": self.size,
            "timestamp": self.timestamp_ms,
        }
        return {"key": self.name, "value": value}

    @property
    def _type(self) -> str:
        return "ARCHIVE" if self.archive else "FILE"


@dataclass(frozen=True)
class Wanted:
    """What a kernel is to get, from the values of the launch form and the profile."""

    memory_mb: int
    vcores: int
    gpus: int
    queue: str
    label: str
    python: str
    """On the nodes, or within the archive."""
    archive: str
    image: str

    @classmethod
    def of(cls, order: Order) -> Self:
        """Read an order's values; what they lack is the profile's."""
        defaults = order.profile.config.kernels.yarn.model_dump() if order.profile else {}

        def value(key: str, otherwise: Any) -> Any:
            return order.values.get(key) or defaults.get(key) or otherwise

        return cls(
            memory_mb=int(value("memory_mb", 2048)),
            vcores=int(value("vcores", 1)),
            gpus=int(value("gpus", 0)),
            queue=str(value("queue", "")),
            label=str(value("node_label", "")),
            python=str(value("python", "")),
            archive=str(value("archive", "")),
            image=str(value("image", "")),
        )

    @property
    def command(self) -> str:
        """The shell command of the container, which keeps what it prints."""
        python = self.python or "python3"
        if self.archive:
            # An absolute path is that of the nodes' own Python, which the archive stands in for.
            inside = self.python if self.python and not self.python.startswith("/") else _BIN
            python = f"{ENVIRONMENT}/{inside}"
        run = f"{shlex.quote(python)} {AGENT} --yarn"
        return f"{run} 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr"

    @property
    def environment(self) -> dict[str, str]:
        """What the NodeManager has to know."""
        if not self.image:
            return {}
        return {
            "YARN_CONTAINER_RUNTIME_TYPE": "docker",
            "YARN_CONTAINER_RUNTIME_DOCKER_IMAGE": self.image,
        }


def context(
    order: Order,
    wanted: Wanted,
    app_id: str,
    *,
    resources: Sequence[Resource],
    token: DelegationToken | None,
    task: Mapping[str, Any],
    user: str,
) -> dict[str, Any]:
    """Write the ``application-submission-context``.

    Parameters
    ----------
    resources
        The agent, and what else it needs.
    token
        With which the resources are fetched; None where everybody is believed.
    task
        For the agent; see ``jupyter_ext_agent.yarn.container``.
    user
        Name of the Jupyter user.
    """
    alone = task["role"] == container.MASTER
    environment = wanted.environment | {container.VARIABLE: _base64(json.dumps(task))}
    secret = _base64(json.dumps(dict(order.bootstrap)))
    tokens = {token.service: hdts.encode_url_string(token)} if token else {}
    found: dict[str, Any] = {
        "application-id": app_id,
        "application-name": order.title,
        "application-type": TYPE,
        # Another attempt would be a kernel without what the first one knew.
        "max-app-attempts": 1,
        "application-tags": {"tag": tags(user, order.kernel_id)},
        "resource": {
            "memory": MASTER_MB if alone else wanted.memory_mb,
            "vCores": 1 if alone else wanted.vcores,
        },
        "am-container-spec": {
            "commands": {"command": wanted.command},
            "local-resources": {"entry": [item.entry() for item in resources]},
            "environment": {"entry": _entries(environment)},
            "credentials": {
                "tokens": {"entry": _entries(tokens)},
                "secrets": {"entry": _entries({token_file.BOOTSTRAP: secret})},
            },
        },
    }
    if wanted.queue:
        found["queue"] = wanted.queue
    if wanted.label:
        found["app-node-label-expression"] = wanted.label
        found["am-container-node-label-expression"] = wanted.label
    return found


def task_of(
    profile: Profile, wanted: Wanted, resources: Sequence[Resource], *, second: bool
) -> dict[str, Any]:
    """Write what the agent is to do; reads the profile's XML.

    Parameters
    ----------
    second
        Whether the kernel gets a container of its own.

    Raises
    ------
    Misconfigured
        If the profile does not say where an ApplicationMaster turns to.
    """
    configuration = Configuration.read(Path(profile.conf_dir))
    expiry = configuration.get(_EXPIRY)
    expiry_ms = int(expiry) if expiry.isdecimal() else _EXPIRY_MS
    first = profile.endpoints.resourcemanagers[0].url
    task: dict[str, Any] = {
        "role": container.MASTER if second else container.KERNEL,
        "schedulers": _schedulers(profile, configuration),
        "heartbeat_s": min(10.0, expiry_ms / 60_000),
        "web": urlsplit(first).scheme,
    }
    if second:
        task["worker"] = {
            "memory_mb": wanted.memory_mb,
            "vcores": wanted.vcores,
            "gpus": wanted.gpus,
            "label": wanted.label,
            "command": wanted.command,
            "environment": wanted.environment,
            "resources": [item.as_json() for item in resources],
        }
    return task


def tags(user: str, kernel_id: str) -> list[str]:
    """Give the tags by which an application of ours, its user's, and a kernel's is found.

    The ResourceManager keeps them in lower case, in no order, and in ASCII only.
    """
    return [TAG, owner_tag(user), f"{TAG}-kernel-{kernel_id}"]


def owner_tag(user: str) -> str:
    """Give the tag of a Jupyter user: readable, and of nobody else."""
    plain = user if re.fullmatch(r"[a-z0-9._@-]+", user) else f"x{user.encode().hex()}"
    return f"{TAG}-user-{plain}"[:_MOST_TAG_CHARACTERS]


def kernel_of(found: Sequence[str]) -> str:
    """Give the kernel id that tags name; empty if they name none."""
    prefix = f"{TAG}-kernel-"
    return next((tag.removeprefix(prefix) for tag in found if tag.startswith(prefix)), "")


def _schedulers(profile: Profile, configuration: Configuration) -> list[str]:
    addresses = []
    for daemon in profile.endpoints.resourcemanagers:
        suffix = f".{daemon.id}" if daemon.id else ""
        host, port = split_address(configuration.get(f"{_SCHEDULER}{suffix}"), _SCHEDULER_PORT)
        host = host if host not in ("", "0.0.0.0") else split_address(daemon.rpc, 0)[0]  # noqa: S104
        if host:
            addresses.append(f"{host}:{port}")
    if not addresses:
        raise Misconfigured(
            f"The profile of {profile.title} does not say where an ApplicationMaster turns to.",
            hint=f"Its yarn-site.xml has to hold {_SCHEDULER} or yarn.resourcemanager.hostname.",
            cluster=profile.name,
        )
    return addresses


def _entries(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
