"""What this container is to do, and where it is; from what the server wrote into its environment.

Nothing in there is a secret. What is one comes in the container's token file.
"""

import base64
import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from jupyter_ext_agent.yarn import token_file

VARIABLE = "JUPYTER_EXT_YARN"
"""Holds JSON in base64: NodeManagers write variables into a shell script, between quotes."""
KERNEL, MASTER, WORKER = "kernel", "master", "worker"
"""The kernel's container is the ApplicationMaster's; or it is another one, for which a small
ApplicationMaster asks."""


class Task(NamedTuple):
    """What the server wrote."""

    role: str
    schedulers: List[Tuple[str, int]]
    """Where the ResourceManagers take an ApplicationMaster's calls, tried in turn."""
    heartbeat_s: float
    """Between two calls; the ResourceManager gives up an application after some sixty of them."""
    web: str
    """``http`` or ``https``: how NodeManagers show logs."""
    worker: Dict[str, Any]
    """Of the second container: memory_mb, vcores, gpus, label, command, environment, resources."""


def read(environ: Mapping[str, str]) -> Task:
    """Read the task.

    Raises
    ------
    ValueError
        If the environment holds none.
    """
    try:
        found = json.loads(base64.b64decode(environ[VARIABLE]).decode("utf-8"))
        return Task(
            role=found["role"],
            schedulers=[_address(text) for text in found.get("schedulers", [])],
            heartbeat_s=float(found.get("heartbeat_s", 10)),
            web=found.get("web", "http"),
            worker=found.get("worker") or {},
        )
    except KeyError as error:
        raise ValueError(f"The container's environment lacks {error}.") from None


def role(environ: Mapping[str, str]) -> str:
    """Say what this container is to be."""
    return read(environ).role


def bootstrap(environ: Mapping[str, str]) -> Dict[str, Any]:
    """Give what says how to reach the hub.

    Raises
    ------
    ValueError
        If the container's token file does not hold it.
    """
    secrets = token_file.load(environ).secrets
    if token_file.BOOTSTRAP not in secrets:
        raise ValueError("The container's token file does not say how to reach the hub.")
    found = json.loads(secrets[token_file.BOOTSTRAP].decode("utf-8"))
    return dict(found)


def log_page(environ: Mapping[str, str], web: str) -> str:
    """Give the address of this container's logs, as its NodeManager shows them."""
    host, port = environ.get("NM_HOST"), environ.get("NM_HTTP_PORT")
    container, user = environ.get("CONTAINER_ID"), environ.get("USER")
    if not (host and port and container and user):
        return ""
    return f"{web}://{host}:{port}/node/containerlogs/{container}/{user}"


def _address(text: str) -> Tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def worker_environment(task: Task) -> Dict[str, str]:
    """Give the environment of the second container."""
    environment = {key: str(value) for key, value in task.worker["environment"].items()}
    environment[VARIABLE] = base64.b64encode(json.dumps({"role": WORKER}).encode()).decode()
    return environment


def option(found: Mapping[str, Any], key: str) -> Optional[str]:
    """Give a text that may be left out."""
    value = found.get(key)
    return str(value) if value else None
