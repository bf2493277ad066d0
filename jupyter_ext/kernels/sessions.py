"""Jupyter Server's sessions, of which those with a kernel of ours outlive the server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from jupyter_server.services.sessions.sessionmanager import SessionManager

from jupyter_ext.kernels.manager import ClusterKernelManager
from jupyter_ext.kernels.services import KernelServices
from jupyter_ext.store import SessionRow


class ClusterSessionManager(SessionManager):
    """Writes down which notebook uses which kernel, for the server's next life."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mirrored: set[str] = set()

    def restore(self, sessions: Iterable[SessionRow]) -> None:
        """Have these sessions again, under the same ids: browsers look for them."""
        rows = [asdict(each) for each in sessions]
        self.cursor.executemany(
            "INSERT INTO session VALUES (:session_id, :path, :name, :type, :kernel_id)", rows
        )
        self._mirrored.update(row["session_id"] for row in rows)

    async def save_session(
        self,
        session_id: str,
        path: str | None = None,
        name: str | None = None,
        type: str | None = None,  # as in the base class
        kernel_id: str | None = None,
    ) -> Any:
        """Save a session."""
        model = await super().save_session(session_id, path, name, type, kernel_id)
        await self._mirror(session_id)
        return model

    async def update_session(self, session_id: str, **fields: Any) -> None:
        """Change a session: its notebook was renamed, or has another kernel."""
        await super().update_session(session_id, **fields)
        await self._mirror(session_id)

    async def delete_session(self, session_id: str) -> None:
        """End a session and its kernel."""
        await super().delete_session(session_id)
        await self._forget(session_id)

    @property
    def _services(self) -> KernelServices | None:
        manager = self.kernel_manager
        return manager.services if isinstance(manager, ClusterKernelManager) else None

    async def _mirror(self, session_id: str) -> None:
        services = self._services
        if services is None:
            return
        self.cursor.execute(
            "SELECT session_id, kernel_id, path, name, type FROM session WHERE session_id=?",
            (session_id,),
        )
        row = SessionRow(*self.cursor.fetchone())
        if self.kernel_manager.is_ours(row.kernel_id):
            self._mirrored.add(session_id)
            await services.store.put_session(row)
            services.launcher.note(row.kernel_id, row.path)
        else:
            await self._forget(session_id)

    async def _forget(self, session_id: str) -> None:
        # Nothing was written of sessions with other kernels, and they wait for no disk.
        if session_id in self._mirrored and self._services is not None:
            self._mirrored.remove(session_id)
            await self._services.store.remove_session(session_id)
