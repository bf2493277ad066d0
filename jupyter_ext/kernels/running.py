"""One kernel's container, from the moment it is asked for until nothing is left of it."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_ext.credentials.kernel import KernelCredentials
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.kernels import failures
from jupyter_ext.kernels.backend import Backend
from jupyter_ext.kernels.models import Failure, PhaseName, Stats
from jupyter_ext.kernels.registry import KernelRegistry
from jupyter_ext.store import KernelRow, Store

if TYPE_CHECKING:
    from jupyter_ext.kernels.attachment import Attachment

T = TypeVar("T")

log = logging.getLogger(__name__)

SILENT_S = 5.0
"""Seconds without its agent after which a kernel is shown as unreachable."""
ASK_S = (0.3, 1.0, 2.0, 5.0)
"""Seconds between questions to the backend while the agent is away; the last one for ever."""

Message = dict[str, Any]


class Running:
    """What this process knows of a kernel's container, and how it finds out.

    While the agent is connected, everything comes from it. While it is not, the backend is asked;
    as long as nobody knows better, the kernel counts as alive.

    Parameters
    ----------
    row
        What the store has of it.
    credentials
        Directory of what is pushed to the kernel; None for nothing.
    """

    def __init__(
        self,
        row: KernelRow,
        attachment: Attachment,
        backend: Backend,
        registry: KernelRegistry,
        store: Store,
        credentials: Callable[[str], Path | None],
    ) -> None:
        self.row = row
        self.attachment = attachment
        self.backend = backend
        self.launch: dict[str, Any] = {}
        """The message that starts the kernel process."""
        self.failure: Failure | None = None
        """Why the container has ended; None while it may live."""
        self._registry = registry
        self._store = store
        self._credentials = credentials
        self._is_shown = True
        self._is_followed = True
        self._changed = asyncio.Event()
        self._inquiry: asyncio.Task[None] | None = None
        self._pushes: set[asyncio.Task[None]] = set()
        self._unsubscribe = attachment.subscribe(self._told)

    @property
    def kernel_id(self) -> str:
        """As Jupyter knows it."""
        return self.row.kernel_id

    @property
    def phase(self) -> PhaseName | None:
        """Where the start is."""
        view = self._registry.peek(self.kernel_id)
        return view.phases[-1].name if view is not None and view.phases else None

    @property
    def starts(self) -> int:
        """How often the kernel process was started in this container."""
        return int((self.attachment.state.kernel or {}).get("starts", 0))

    @property
    def exit_code(self) -> int | None:
        """None while the kernel process runs, or nobody can know that it does not."""
        if self.failure is not None:
            return 1
        kernel = self.attachment.state.kernel or {}
        if kernel.get("state") != "exited":
            return None
        ended = kernel.get("exit") or {}
        code = ended.get("code")
        return int(code) if code is not None else -int(ended.get("signal") or 1)

    @property
    def is_gone(self) -> bool:
        """Whether the agent said that it ends, or cannot be reached at the moment."""
        state = self.attachment.state
        return state.ended is not None or not state.connected

    @property
    def connection_info(self) -> dict[str, Any]:
        """Where Jupyter's clients find the kernel; the key is bytes, as they expect it."""
        connection = self.row.launch["connection"]
        return {
            **self.attachment.connection_info,
            "key": connection["key"].encode(),
            "signature_scheme": connection["signature_scheme"],
        }

    async def change(self, **fields: Any) -> None:
        """Set fields of the row."""
        self.row = replace(self.row, **fields)
        await self._store.change_kernel(self.kernel_id, **fields)

    async def until(self, probe: Callable[[], T | None]) -> T:
        """Wait until ``probe`` gives something else than None; it is asked at every change."""
        while (found := probe()) is None:
            self._changed.clear()
            await self._changed.wait()
        return found

    async def push_credentials(self) -> None:
        """Give the agent what its kernel's owner has proved by now."""
        directory = self._credentials(self.row.user)
        if directory is not None:
            files = await asyncio.to_thread(_read, directory)
            self.attachment.tell({"type": "credentials", "files": files})

    def find_place(self) -> None:
        """Find out, beside everything else, where the container runs."""

        async def ask() -> None:
            condition = await self.backend.inspect(self.row.handle)
            known = {"host": condition.host, "url": condition.url}
            fields = {key: value for key, value in known.items() if value}
            self._show(**fields)

        self._background(ask())

    def watch(self) -> None:
        """Ask the backend until the agent is there, beginning soon."""
        if self._is_followed and (self._inquiry is None or self._inquiry.done()):
            self._inquiry = asyncio.create_task(self._inquire(), name=f"ask for {self.kernel_id}")

    def fail(self, failure: Failure) -> None:
        """Note that the container has ended."""
        if self.failure is None:
            self.failure = failure
            if self._is_shown:
                self._registry.fail(self.kernel_id, failure)
            self._changed.set()

    def hide(self) -> None:
        """Show no more of it: it is being ended, and what it says of that is no news."""
        self._is_shown = False

    async def close(self) -> None:
        """Follow it no longer."""
        self._is_followed = False
        self._unsubscribe()
        tasks = [task for task in (self._inquiry, *self._pushes) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.attachment.close()

    # -- what the agent tells ----------------------------------------------------------------

    def _told(self, message: Message) -> None:
        # What the agent said last is still on its way from the hub's thread when that ends.
        if not self._is_followed:
            return
        kind = message.get("type")
        if kind == "attached":
            self._attached()
        elif kind in ("disconnected", "lost", "ended"):
            self.watch()
        elif kind == "agent":
            self._greeted(message)
        elif kind == "kernel":
            self._reported(message)
        elif kind == "stats":
            fields = {key: value for key, value in message.items() if key != "type"}
            self._show(stats=Stats.model_validate(fields))
        self._changed.set()

    def _attached(self) -> None:
        if not self.row.starting and self.failure is None:
            self._show(state="running")

    def _greeted(self, message: Message) -> None:
        """Meet an agent that knows nothing of this hub yet."""
        if not self.row.starting:
            self.find_place()
            self._background(self._push_what_is_known())
        instance = self.attachment.state.instance
        if instance != self.row.instance:
            self._background(self.change(instance=instance))

    async def _push_what_is_known(self) -> None:
        """Give an adopted kernel the clusters as they are now.

        Its agent keeps logins of which the index says that they are not known here.
        """
        directory = self._credentials(self.row.user)
        if await asyncio.to_thread(KernelCredentials(directory).clusters):
            await self.push_credentials()

    def _reported(self, message: Message) -> None:
        fields: dict[str, Any] = {"restarts": max(0, self.starts - 1)}
        ended = message.get("exit") or {}
        if message.get("state") == "exited":
            fields["stats"] = None
            if ended.get("cause"):
                fields["failure"] = failures.exited(ended, self.row.values.get("memory_mb"))
        self._show(**fields)

    def _show(self, **fields: Any) -> None:
        if self._is_shown:
            self._registry.change(self.kernel_id, **fields)

    def _background(self, work: Any) -> None:
        task = asyncio.create_task(_tolerant(work))
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)

    # -- what the backend says ----------------------------------------------------------------

    async def _inquire(self) -> None:
        lost_at, count = time.monotonic(), 0
        while not self.attachment.state.connected:
            await asyncio.sleep(ASK_S[min(count, len(ASK_S) - 1)])
            count += 1
            try:
                condition = await self.backend.inspect(self.row.handle)
            except JupyterExtError as error:
                log.debug("%s: %s", self.kernel_id, error.message)
                condition = None
            if self.attachment.state.connected:
                break
            if condition is not None and condition.alive is False:
                self.fail(condition.failure or Failure(cause="The kernel's container has ended."))
                return
            if not self.row.starting and time.monotonic() - lost_at > SILENT_S:
                self._show(state="unreachable", stats=None)
        self._attached()


async def _tolerant(work: Any) -> None:
    try:
        await work
    except JupyterExtError as error:
        log.warning("%s %s", error.message, error.hint)


def _read(directory: Path) -> dict[str, str]:
    """Read a whole directory; files that are replaced meanwhile are read as they are now."""
    files = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            files[str(path.relative_to(directory))] = base64.b64encode(content).decode()
    return files
