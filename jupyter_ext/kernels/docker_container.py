"""What a kernel's container is made of: the body of ``POST /containers/create`` and its files.

Field names are those of the Docker Engine API, version 1.41 and later.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from jupyter_ext.clusters.models import DockerDefaults
from jupyter_ext.errors import Misconfigured
from jupyter_ext.kernels.backend import Order

PREFIX = "jupyter-ext-"
OWNER, KERNEL_ID, TITLE = "jupyter-ext.owner", "jupyter-ext.kernel-id", "jupyter-ext.title"
HOME = "/home/kernel"
PLACE = "/run/jupyter-ext"
AGENT = f"{PLACE}/agent.pyz"
SECRETS = f"{PLACE}/secrets"
BOOTSTRAP = "bootstrap.json"
_MB = 2**20


def name_of(kernel_id: str) -> str:
    """Name of a kernel's container."""
    return PREFIX + kernel_id


@dataclass(frozen=True)
class Wishes:
    """What is asked of Docker for one kernel: the launch form's values over the profile's."""

    image: str
    python: str
    user: tuple[int, int] | None
    network: str | None
    volumes: tuple[tuple[str, str, bool], ...]
    """Source, target, and whether it is read-only."""
    memory_mb: int | None
    vcores: float | None
    gpus: int
    shm_mb: int | None
    pids: int

    @classmethod
    def of(cls, order: Order) -> Wishes:
        """Read an order.

        Raises
        ------
        Misconfigured
            If nobody says which image, or a volume is not written as one.
        """
        settings = order.profile.config.kernels.docker if order.profile else DockerDefaults()
        cluster = order.profile.name if order.profile else None

        def value(name: str) -> Any:
            given = order.values.get(name)
            return getattr(settings, name) if given in (None, "") else given

        if not value("image"):
            raise Misconfigured(
                "No image is named for kernels in Docker containers.",
                hint="Write image = ... below [kernels.docker], or choose one in the form.",
                cluster=cluster,
            )
        return cls(
            image=value("image"),
            python=settings.python or "python3",
            user=_user(settings.user, cluster),
            network=value("network"),
            volumes=tuple(_volume(text, cluster) for text in value("volumes")),
            memory_mb=value("memory_mb"),
            vcores=value("vcores"),
            gpus=int(value("gpus") or 0),
            shm_mb=value("shm_mb"),
            pids=settings.pids,
        )


def _user(text: str | None, cluster: str | None) -> tuple[int, int] | None:
    user = numeric_user(text) if text else None
    if text and not user:
        raise Misconfigured(
            f"{text!r} is no user of a container that could be known before it runs.",
            hint="Write numbers, uid or uid:gid, as kernels.docker.user.",
            cluster=cluster,
        )
    return user


def _volume(text: str, cluster: str | None) -> tuple[str, str, bool]:
    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not source or not target.startswith("/") or mode not in ("", "ro", "rw"):
        raise Misconfigured(
            f"{text!r} is no volume that Docker could mount.",
            hint="Write SOURCE:TARGET or SOURCE:TARGET:ro; TARGET is an absolute path, SOURCE one "
            "too or the name of a volume.",
            cluster=cluster,
        )
    return source, target, mode == "ro"


def body(
    order: Order, wishes: Wishes, user: tuple[int, int], mounted: Mapping[str, str]
) -> dict[str, Any]:
    """Describe the container; nothing in it is a secret, since whoever may ask Docker reads it.

    Parameters
    ----------
    user
        uid and gid of every process in it.
    mounted
        Directories of this machine to be seen in it, read-only: path here to path there.
    """
    host: dict[str, Any] = {
        "Init": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "PidsLimit": wishes.pids,
        "RestartPolicy": {"Name": "no"},
        # Nobody reads more of what a container printed; the kernel's output goes another way.
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
        "Mounts": [
            *(_mount(here, there, read_only=True) for here, there in mounted.items()),
            *(_mount(*volume[:2], read_only=volume[2]) for volume in wishes.volumes),
        ],
    }
    if wishes.memory_mb:
        # Without swap of its own: a kernel that is over its limit ends instead of crawling.
        host["Memory"] = host["MemorySwap"] = int(wishes.memory_mb) * _MB
    if wishes.vcores:
        host["NanoCpus"] = int(wishes.vcores * 1e9)
    if wishes.shm_mb:
        host["ShmSize"] = int(wishes.shm_mb) * _MB
    if wishes.network:
        host["NetworkMode"] = wishes.network
    if wishes.gpus:
        host["DeviceRequests"] = [
            {"Driver": "", "Count": wishes.gpus, "Capabilities": [["gpu"]]},
        ]
    return {
        "Image": wishes.image,
        "Entrypoint": [
            *(wishes.python, AGENT),
            *("--bootstrap", f"{SECRETS}/{BOOTSTRAP}", "--backend", "docker"),
        ],
        "Cmd": [],
        "User": f"{user[0]}:{user[1]}",
        "Env": [f"HOME={HOME}"],
        "WorkingDir": HOME,
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": {OWNER: order.owner, KERNEL_ID: order.kernel_id, TITLE: order.title},
        "HostConfig": host,
    }


def _mount(source: str, target: str, *, read_only: bool) -> dict[str, Any]:
    kind = "bind" if source.startswith("/") else "volume"
    return {"Type": kind, "Source": source, "Target": target, "ReadOnly": read_only}


def files(
    agent: bytes,
    bootstrap: Mapping[str, Any] | None,
    user: tuple[int, int],
    volumes: Iterable[tuple[str, str, bool]],
) -> bytes:
    """Pack what is put into the container before it starts, as a tar for its root directory.

    ``bootstrap`` is None where the daemon mounts it instead.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:

        def add(path: str, mode: int, content: bytes | None = None) -> None:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.mode, (entry.uid, entry.gid) = mode, user
            entry.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            entry.size = len(content or b"")
            tar.addfile(entry, io.BytesIO(content or b""))

        if not any(_covers(target, HOME) for _, target, _ in volumes):
            add(HOME, 0o700)
        add(PLACE, 0o755)
        add(AGENT, 0o644, agent)
        if bootstrap is not None:
            add(SECRETS, 0o700)
            add(f"{SECRETS}/{BOOTSTRAP}", 0o400, json.dumps(bootstrap).encode())
    return packed.getvalue()


def _covers(target: str, path: str) -> bool:
    """Whether a mount on ``target`` has ``path`` in it."""
    return PurePosixPath(path).is_relative_to(PurePosixPath(target))


def numeric_user(text: str) -> tuple[int, int] | None:
    """Read ``uid`` or ``uid:gid``; None for names, which only the image could resolve."""
    uid, _, gid = text.partition(":")
    parts: Sequence[str] = (uid, gid or uid)
    return (int(parts[0]), int(parts[1])) if all(part.isdigit() for part in parts) else None
