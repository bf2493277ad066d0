"""What every part of the doctor shares: the report that grows, names and connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jupyter_ext.clusters.models import Profile
from jupyter_ext.hadoop import judge, probe
from jupyter_ext.hadoop.models import Check, CheckName

OnCheck = Callable[[Check], None]


@dataclass(frozen=True)
class Job:
    """Some checks that are done one after the other."""

    name: CheckName
    target: str
    """With the name, what is reported if it is not done in time."""
    work: Awaitable[None]


class Checks:
    """The checks of one examination.

    Parameters
    ----------
    profile
        The cluster.
    on_check
        Called with each check as soon as it is done.
    connect_timeout_s
        Seconds for each of: name, connection, handshake, first answer.
    """

    def __init__(
        self, profile: Profile, on_check: OnCheck | None, connect_timeout_s: float
    ) -> None:
        self.profile = profile
        self.connect_timeout_s = connect_timeout_s
        self.done: list[Check] = []
        self._on_check = on_check
        self._names: dict[str, asyncio.Future[bool]] = {}

    @contextmanager
    def check(
        self, name: CheckName, target: str, *, since: float | None = None
    ) -> Iterator[judge.Finding]:
        """Time one check and report it.

        Parameters
        ----------
        since
            When it began (``time.monotonic()``), if that was before.
        """
        finding = judge.Finding()
        start = time.monotonic() if since is None else since
        yield finding
        check = Check(
            name=name,
            target=target,
            verdict=finding.verdict,
            seconds=time.monotonic() - start,
            message=finding.message,
            remedy=finding.remedy,
        )
        self.done.append(check)
        if self._on_check is not None:
            self._on_check(check)

    def skip(self, name: CheckName, target: str, why: str) -> None:
        """Report a check that cannot be done."""
        with self.check(name, target) as finding:
            finding.set("skipped", why)

    async def dns(self, host: str, port: int) -> bool:
        """Whether the name resolves; everything on one host shares the check."""
        if host not in self._names:
            self._names[host] = asyncio.ensure_future(self._dns(host, port))
        return await self._names[host]

    async def _dns(self, host: str, port: int) -> bool:
        with self.check("dns", host) as finding:
            try:
                addresses = await probe.resolve(host, port, self.connect_timeout_s)
            except TimeoutError:
                finding.set(
                    "failed",
                    f"The name servers do not answer in {self.connect_timeout_s:.0f} s.",
                    "Check /etc/resolv.conf and the VPN.",
                )
            except (OSError, UnicodeError):
                finding.set(
                    "failed",
                    "The name does not resolve.",
                    "Check its spelling in the XML, the VPN, and /etc/hosts.",
                )
            else:
                finding.set("ok", ", ".join(addresses))
        return finding.verdict == "ok"

    async def tcp(self, title: str, host: str, port: int) -> bool:
        """Whether something listens."""
        with self.check("tcp", f"{host}:{port}") as finding:
            try:
                await probe.connect(host, port, self.connect_timeout_s)
            except TimeoutError:
                finding.set(
                    "failed",
                    f"No answer in {self.connect_timeout_s:.0f} s.",
                    "A firewall drops the packets, or the machine is off. Ask for port "
                    f"{port} to be opened from here.",
                )
            except ConnectionRefusedError:
                finding.set(
                    "failed",
                    "Nothing listens there.",
                    f"Start the {title}, or correct its port in the profile.",
                )
            except OSError as error:
                finding.set("failed", f"{error.strerror or error}.", "Check the network route.")
            else:
                finding.set("ok", "Open.")
        return finding.verdict == "ok"
