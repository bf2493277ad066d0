"""What starts, finds and ends the containers in which agents run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.kernels.models import Failure, PhaseName

Handle = dict[str, Any]
"""JSON by which a backend finds its container again: application id, container name, pid."""
Tell = Callable[[PhaseName, str], None]
"""Takes the phase a start is in, and one sentence of detail; the same again changes nothing."""


@dataclass(frozen=True)
class Order:
    """One kernel to be started."""

    kernel_id: str
    owner: str
    """The Jupyter user."""
    title: str
    """Name for people, shown by the ResourceManager and by docker ps."""
    profile: Profile | None
    """The cluster; None for a kernel without one."""
    values: Mapping[str, Any]
    """Of the launch form: memory_mb, vcores, queue, image ..."""
    bootstrap: Mapping[str, Any] = field(repr=False)
    """See docs/kernels.md. Holds a secret."""


@dataclass(frozen=True)
class Condition:
    """What a backend says of a container when asked."""

    alive: bool | None
    """None where nobody knows: the daemon does not answer."""
    host: str = ""
    url: str = ""
    failure: Failure | None = None
    """For a container that ended: why."""


@dataclass(frozen=True)
class Found:
    """A container of ours that a backend has, whether or not a row knows it."""

    kernel_id: str
    owner: str
    handle: Handle
    title: str
    started_at: float


class LaunchFailed(JupyterExtError):
    """A kernel's container could not be had, or ended before the kernel was ready."""

    status = 502
    code = "launch_failed"

    def __init__(self, failure: Failure, cluster: str | None = None) -> None:
        super().__init__(failure.cause, hint=failure.hint, cluster=cluster)
        self.failure = failure


class Backend(Protocol):
    """Where kernels run. Every method may be cancelled, and none blocks the event loop.

    Each raises a JupyterExtError that says what to do if the daemon cannot be asked.
    """

    async def prepare(self, order: Order, tell: Tell) -> Handle:
        """Get what names the container before there is one; leaves nothing behind that costs."""

    async def start(self, order: Order, handle: Handle, tell: Tell) -> None:
        """Make the container and start the agent in it; the same again finds it there.

        Raises
        ------
        LaunchFailed
            If the order cannot be met, with the cause and what to do.
        """

    async def watch(self, handle: Handle, tell: Tell) -> Failure:
        """Tell phases while there is something to tell; return when the container has ended."""

    async def inspect(self, handle: Handle) -> Condition:
        """Say how the container is."""

    async def end(self, handle: Handle) -> None:
        """End the container and tidy up after it; one that is gone already is no error."""

    async def logs(self, handle: Handle, lines: int) -> str:
        """Give the end of what the container printed, for when its agent cannot be asked."""

    async def find(self, owner: str) -> list[Found]:
        """List the user's containers, by tag or label."""

    async def close(self) -> None:
        """Close connections; containers go on."""
