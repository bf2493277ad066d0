"""All kernels of a person on this machine, whoever has them: servers, programs, or nobody."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.kernel import KernelCredentials, credential_directory
from jupyter_ext.errors import Conflict, JupyterExtError, NotFound, Unavailable
from jupyter_ext.hadoop.access import FromDirectory
from jupyter_ext.kernels.containers import KernelContainers
from jupyter_ext.kernels.models import KernelView
from jupyter_ext.kernels.servers import Server
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.kernels.wanted import view_of_row
from jupyter_ext.store import KernelRow

LINES = 200
PROGRAM = "A program has it, such as papermill."


@dataclass(frozen=True)
class Entry:
    """One kernel, and who has it."""

    view: KernelView
    server: Server | None = None
    row: KernelRow | None = field(default=None, repr=False)
    """What is written down of one that a program has."""


class Inventory:
    """Lists kernels and acts on them from outside of a Jupyter server. For one event loop.

    Parameters
    ----------
    services
        Of this process, to deal with kernels that no server has.
    """

    def __init__(self, services: KernelServices) -> None:
        self._services = services
        self._containers = KernelContainers(services, lambda *_: None, _adopt)
        self.troubles: list[JupyterExtError] = []
        """Servers that could not be asked."""

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Inventory]:
        """Make one, and close what it uses."""
        services = KernelServices(
            user=getpass.getuser(),
            place="",
            profiles=ProfileStore.from_jupyter_paths(),
            access=FromDirectory(KernelCredentials.here()),
            credentials=lambda _: credential_directory(),
        )
        services.loop = asyncio.get_running_loop()
        try:
            yield cls(services)
        finally:
            await services.close()

    async def list(self) -> list[Entry]:
        """List all kernels, the oldest first."""
        entries: dict[str, Entry] = {}
        servers = list(Server.running())
        answers = await asyncio.gather(
            *(server.kernels() for server in servers), return_exceptions=True
        )
        for server, answer in zip(servers, answers, strict=True):
            if isinstance(answer, JupyterExtError):
                self.troubles.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                # A kernel without a server is seen by all of them, and found again below.
                entries |= {
                    view.kernel_id: Entry(view, server) for view in answer if view.state != "orphan"
                }
        rows = await self._services.store.kernels()
        for user in {self._services.user, *(row.user for row in rows)}:
            await self._containers.look(user)
        for view in self._services.registry.views():
            entries.setdefault(view.kernel_id, Entry(view))
        for row in await self._services.store.kernels():
            view = view_of_row(row, "starting" if row.starting else "running")
            view = view.model_copy(update={"note": PROGRAM})
            entries.setdefault(row.kernel_id, Entry(view, row=row))
        return sorted(entries.values(), key=lambda each: each.view.started_at)

    async def find(self, beginning: str) -> Entry:
        """Find one kernel by its id, or by as much of it as tells it from the others.

        Raises
        ------
        NotFound
            If there is none.
        Conflict
            If there are several.
        """
        entries = await self.list()
        found = [each for each in entries if each.view.kernel_id.startswith(beginning)]
        if not found:
            raise NotFound(
                f"There is no kernel {beginning}.", hint="jupyter cluster kernels list shows all."
            )
        if len(found) > 1:
            raise Conflict(
                f"{len(found)} kernels begin with {beginning}: "
                f"{', '.join(each.view.kernel_id for each in found)}.",
                hint="Write more of the id.",
            )
        return found[0]

    async def end(self, entry: Entry) -> None:
        """End a kernel with its container."""
        if entry.server is not None:
            await entry.server.stop(entry.view.kernel_id)
        elif entry.row is not None:
            await self._services.backend(entry.row.backend).end(entry.row.handle)
            await self._services.store.remove_kernel(entry.row.kernel_id)
        else:
            await self._containers.end(entry.view.kernel_id)

    async def logs(self, entry: Entry, lines: int = LINES) -> str:
        """Give the end of what a kernel printed."""
        if entry.server is not None:
            return (await entry.server.logs(entry.view.kernel_id, lines)).text
        if entry.row is not None:
            backend = self._services.backend(entry.row.backend)
            return await backend.logs(entry.row.handle, lines)
        return await self._containers.backend_logs(entry.view.kernel_id, lines)


def abandoned(entries: Iterable[Entry], *, unknown: bool) -> list[Entry]:
    """Choose the kernels that no server has.

    Parameters
    ----------
    unknown
        Whether to count containers of which there is no record.
    """
    return [
        each for each in entries if each.view.state == "orphan" and (each.view.adoptable or unknown)
    ]


async def _adopt(row: KernelRow) -> None:
    raise Unavailable(
        f"{row.title} can only be adopted by a Jupyter server.",
        hint="Start one in the same directory, or open the panel of remote kernels.",
    )
