"""The doctor: what is wrong with a cluster, and what to do about it.

Looks at the profile, then at every daemon at the same time: name, port, certificate, clock, how it
wants to know who you are; and at last at what the ResourceManagers and NameNodes say of themselves.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import quote, urlsplit

import httpx

from jupyter_ext.clusters.endpoints import split_address
from jupyter_ext.clusters.models import Daemon, Profile
from jupyter_ext.credentials import kdc_clock
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop import judge, probe
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.models import Check, DoctorReport, Verdict

CONNECT_TIMEOUT_S = 3.0
TIMEOUT_S = 10.0
"""For everything; what is not done by then is reported as such."""

PATHS: dict[judge.Kind, str] = {
    "resourcemanager": "/ws/v1/cluster/info",
    "namenode": "/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus",
}
"""What each kind of daemon answers itself, active or not."""

Name = Literal["profile", "dns", "tcp", "tls", "auth", "clock", "resourcemanager", "namenode"]
OnCheck = Callable[[Check], None]


async def examine(
    profile: Profile,
    *,
    on_check: OnCheck | None = None,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    timeout_s: float = TIMEOUT_S,
) -> DoctorReport:
    """Examine one cluster; never raises for what it finds.

    Parameters
    ----------
    on_check
        Called with each check as soon as it is done.
    connect_timeout_s
        Seconds for each of: name, connection, handshake, first answer.
    timeout_s
        Seconds for everything together.
    """
    return await _Examination(profile, on_check, connect_timeout_s, timeout_s).run()


class _Examination:
    def __init__(
        self,
        profile: Profile,
        on_check: OnCheck | None,
        connect_timeout_s: float,
        timeout_s: float,
    ) -> None:
        self.profile = profile
        self.on_check = on_check
        self.connect_timeout_s = connect_timeout_s
        self.timeout_s = timeout_s
        self.checks: list[Check] = []
        self.names: dict[str, asyncio.Future[bool]] = {}

    async def run(self) -> DoctorReport:
        start = time.monotonic()
        self.check_profile()
        jobs: list[tuple[Name, str, Awaitable[None]]] = []
        endpoints = self.profile.endpoints
        kinds: tuple[tuple[judge.Kind, list[Daemon]], ...] = (
            ("resourcemanager", endpoints.resourcemanagers),
            ("namenode", endpoints.namenodes),
        )
        for kind, daemons in kinds:
            jobs.extend((kind, daemon.url, self.check_daemon(kind, daemon)) for daemon in daemons)
        if self.profile.auth == "kerberos":
            addresses = kdc_clock.kdcs(self.profile)
            jobs.extend(("clock", f"KDC {kdc}", self.check_kdc(kdc)) for kdc in addresses)
        if endpoints.resourcemanagers:
            jobs.append(("resourcemanager", "YARN", self.check_resourcemanagers()))
        if endpoints.namenodes:
            jobs.append(("namenode", "HDFS", self.check_namenodes()))
        await self._all(jobs)
        return DoctorReport(
            cluster=self.profile.name, seconds=time.monotonic() - start, checks=self.checks
        )

    async def _all(self, jobs: list[tuple[Name, str, Awaitable[None]]]) -> None:
        """Run jobs at the same time; report those that outlast the examination."""
        tasks = {asyncio.ensure_future(job): (name, target) for name, target, job in jobs}
        if not tasks:
            return
        try:
            done, late = await asyncio.wait(tasks, timeout=self.timeout_s)
        finally:
            for task in tasks:
                task.cancel()
            # They close their connections before the loop may end.
            await asyncio.wait(tasks)
        for task in done:
            task.result()
        for task in late:
            name, target = tasks[task]
            with self.check(name, target) as finding:
                finding.set("failed", f"Not done after {self.timeout_s:.0f} s.", "Try again later.")

    @contextmanager
    def check(self, name: Name, target: str) -> Iterator[judge.Finding]:
        """Time one check and report it."""
        finding = judge.Finding()
        start = time.monotonic()
        yield finding
        check = Check(
            name=name,
            target=target,
            verdict=finding.verdict,
            seconds=time.monotonic() - start,
            message=finding.message,
            remedy=finding.remedy,
        )
        self.checks.append(check)
        if self.on_check is not None:
            self.on_check(check)

    # -- the profile --------------------------------------------------------------------------

    def check_profile(self) -> None:
        """Report each problem of the profile, or that there is none."""
        profile = self.profile
        for problem in profile.problems:
            with self.check("profile", problem.file or profile.name) as finding:
                verdict: Verdict = "failed" if problem.severity == "error" else "warning"
                key = f"{problem.key}: " if problem.key else ""
                where = f"Edit {problem.file} in {profile.directory}." if problem.file else ""
                finding.set(verdict, f"{key}{problem.message}", where)
        if not profile.problems:
            with self.check("profile", profile.directory) as finding:
                daemons = len(profile.endpoints.resourcemanagers + profile.endpoints.namenodes)
                finding.set("ok", f"Readable; names {daemons} daemons.")

    # -- one daemon ---------------------------------------------------------------------------

    async def check_daemon(self, kind: judge.Kind, daemon: Daemon) -> None:
        """Go from the name to the first answer, as far as it gets."""
        host, port = address_of(daemon)
        if not host:
            with self.check("dns", daemon.url) as finding:
                finding.set("failed", "Is no usable address.", "See the profile's problems.")
            return
        title = judge.TITLES[kind]
        if not await self.check_dns(host, port) or not await self.check_tcp(title, host, port):
            return
        context: ssl.SSLContext | None = None
        if (
            daemon.url.startswith("https:")
            and (context := await self.check_tls(host, port)) is None
        ):
            return
        await self.check_answer(kind, daemon, context)

    async def check_dns(self, host: str, port: int) -> bool:
        """Whether the name resolves; daemons of one host share the check."""
        if host not in self.names:
            self.names[host] = asyncio.ensure_future(self._check_dns(host, port))
        return await self.names[host]

    async def _check_dns(self, host: str, port: int) -> bool:
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

    async def check_tcp(self, title: str, host: str, port: int) -> bool:
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

    async def check_tls(self, host: str, port: int) -> ssl.SSLContext | None:
        """Check the certificate; gives the context that accepts it, None if there is none."""
        with self.check("tls", f"{host}:{port}") as finding:
            try:
                context = await probe.trust(self.profile.ca_file)
            except OSError as error:
                reason = "holds no certificate" if isinstance(error, ssl.SSLError) else error
                finding.set(
                    "failed",
                    f"{self.profile.ca_file}: {reason}.",
                    "Put the CA's certificate in PEM form there.",
                )
                return None
            try:
                der = await probe.handshake(host, port, context, self.connect_timeout_s)
            except ssl.SSLCertVerificationError as error:
                await self.explain_certificate(finding, host, port, error)
            except TimeoutError:
                finding.set(
                    "failed",
                    f"Accepts the connection, then says nothing for "
                    f"{self.connect_timeout_s:.0f} s.",
                    "The daemon hangs: look at its log, or restart it.",
                )
            except OSError as error:
                finding.set(
                    "failed",
                    f"There is no TLS handshake ({getattr(error, 'reason', None) or error}).",
                    "Does it speak plain http? Then yarn.http.policy or dfs.http.policy in the XML "
                    "differs from the daemon's own.",
                )
            else:
                judge.dates(finding, await probe.describe(der))
                return context
        return None

    async def explain_certificate(
        self, finding: judge.Finding, host: str, port: int, error: ssl.SSLCertVerificationError
    ) -> None:
        """Say in which way a certificate is wrong."""
        try:
            certificate = await probe.read_certificate(host, port, self.connect_timeout_s)
        except (OSError, TimeoutError, ValueError):
            finding.set("failed", f"The certificate is refused: {error.verify_message}.")
            return
        judge.refusal(finding, error.verify_code, certificate, host, self.profile.directory)

    async def check_answer(
        self, kind: judge.Kind, daemon: Daemon, context: ssl.SSLContext | None
    ) -> None:
        """Ask without an identity, and judge how the daemon wants one, and its clock."""
        query = ""
        if self.profile.auth == "simple" and self.profile.user:
            query = ("&" if "?" in PATHS[kind] else "?") + f"user.name={quote(self.profile.user)}"
        answer = None
        with self.check("auth", daemon.url) as finding:
            # Neither proxy nor .netrc of this machine: a cluster is reached directly.
            async with httpx.AsyncClient(
                # For plain http, a context that trusts nobody: loading the system's CAs blocks.
                verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                timeout=self.connect_timeout_s,
            ) as client:
                try:
                    answer = await probe.ask(client, f"{daemon.url}{PATHS[kind]}{query}")
                except httpx.TimeoutException:
                    finding.set(
                        "failed",
                        f"Accepts the connection, then says nothing for "
                        f"{self.connect_timeout_s:.0f} s.",
                        "The daemon hangs: look at its log, or restart it.",
                    )
                except httpx.HTTPError as error:
                    finding.set(
                        "failed",
                        f"Does not speak HTTP ({error}).",
                        "Is this the web port? It may want https, or be the RPC port.",
                    )
                else:
                    judge.auth(finding, self.profile, kind, answer)
        if answer is not None:
            with self.check("clock", daemon.url) as finding:
                judge.clock(finding, self.profile, answer.skew_s)

    # -- the KDC ------------------------------------------------------------------------------

    async def check_kdc(self, address: str) -> None:
        """Compare clocks with a KDC, the one that accepts or refuses tickets."""
        host, port = split_address(address, kdc_clock.DEFAULT_PORT)
        if not await self.check_dns(host, port) or not await self.check_tcp("KDC", host, port):
            return
        with self.check("clock", f"KDC {host}:{port}") as finding:
            realm = self.profile.realm or ""
            try:
                skew_s = await kdc_clock.skew(host, port, realm, self.connect_timeout_s)
            except (OSError, EOFError, kdc_clock.NoKdc) as error:
                reason = str(error) or "no answer in time"
                remedy = f"Is this a KDC of the realm {realm}?"
                finding.set("failed", f"Does not tell the time: {reason}.", remedy)
            else:
                judge.clock(finding, self.profile, skew_s)

    # -- what they say of themselves ----------------------------------------------------------

    async def open(self) -> Hadoop:
        """Make the clients, even if the profile is broken in some other place."""
        endpoints = self.profile.endpoints
        usable = endpoints.model_copy(
            update={
                "resourcemanagers": [d for d in endpoints.resourcemanagers if address_of(d)[0]],
                "namenodes": [d for d in endpoints.namenodes if address_of(d)[0]],
            }
        )
        profile = self.profile.model_copy(update={"endpoints": usable, "problems": []})
        # In a thread: with https it reads the CAs.
        return await asyncio.to_thread(Hadoop.open, profile)

    async def check_resourcemanagers(self) -> None:
        """Exactly one of them has to be active."""
        with self.check("resourcemanager", "YARN") as finding:
            try:
                async with await self.open() as hadoop:
                    states = await hadoop.resourcemanager.states()
            except JupyterExtError as error:
                judge.failure(finding, error)
            else:
                judge.states(
                    finding,
                    "resourcemanager",
                    [(daemon, info.ha_state if info else None) for daemon, info in states],
                )

    async def check_namenodes(self) -> None:
        """One of each nameservice has to be active, and writable."""
        with self.check("namenode", "HDFS") as finding:
            try:
                async with await self.open() as hadoop:
                    states = await hadoop.namenode.states()
                    judge.states(finding, "namenode", states)
                    if finding.verdict != "failed":
                        metrics = await hadoop.namenode.metrics()
                        if metrics.safe_mode:
                            finding.set(
                                "warning",
                                f"HDFS is in safe mode: {metrics.safe_mode}",
                                "Nothing can be written until the NameNode leaves it; start the "
                                "missing DataNodes.",
                            )
            except JupyterExtError as error:
                judge.failure(finding, error)


def address_of(daemon: Daemon) -> tuple[str, int]:
    """Host and port of a daemon's web server; an empty host if its URL is unusable."""
    try:
        parts = urlsplit(daemon.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0
    host = parts.hostname or ""
    return ("" if "$" in host else host), port
