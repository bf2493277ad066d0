"""A board for each Jupyter user: everybody sees the clusters as who they are there."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_ext.status.board import StatusBoard


class StatusBoards:
    """Makes boards on demand.

    Parameters
    ----------
    make
        Makes the board of a Jupyter user.
    """

    def __init__(self, make: Callable[[str], StatusBoard]) -> None:
        self._make = make
        self._boards: dict[str, StatusBoard] = {}

    def of(self, user: str) -> StatusBoard:
        """Give the board of a Jupyter user."""
        if user not in self._boards:
            self._boards[user] = self._make(user)
        return self._boards[user]

    async def stop(self) -> None:
        """End every board."""
        boards, self._boards = self._boards, {}
        for board in boards.values():
            await board.stop()
