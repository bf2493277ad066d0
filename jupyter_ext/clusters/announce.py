"""Tell the front end which cluster a kernel works on.

A comm carries it, in both directions: the kernel opens one of the target :data:`TARGET` whenever
the cluster changes, with the news as the data of its opening; and a front end that comes later (a
reloaded page) opens one itself and gets one message. Either way the payload is
``{"cluster": name or null}``. Without a front end, or outside a kernel, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comm import create_comm, get_comm_manager
from comm.base_comm import BaseComm

TARGET = "jupyter-ext:cluster"


class Announcer:
    """One kernel's side of the conversation.

    Parameters
    ----------
    cluster
        Gives the name of the current cluster, if there is one.
    """

    def __init__(self, cluster: Callable[[], str | None]) -> None:
        self._cluster = cluster

    def start(self) -> None:
        """Answer front ends from now on, and tell those that are there."""
        get_comm_manager().register_target(TARGET, self._answer)
        self.announce()

    def stop(self) -> None:
        """Answer no more."""
        get_comm_manager().targets.pop(TARGET, None)

    def announce(self) -> None:
        """Tell every front end."""
        create_comm(target_name=TARGET, data={"cluster": self._cluster()}).close()

    def _answer(self, comm: BaseComm, message: dict[str, Any]) -> None:
        comm.send({"cluster": self._cluster()})
