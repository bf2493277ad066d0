"""The doctor's look at daemons: from the name to the first answer, and what they say they are."""

from __future__ import annotations

import ssl
from urllib.parse import quote

import httpx

from jupyter_ext.clusters.models import Daemon, Profile
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop import judge, probe
from jupyter_ext.hadoop.doctor_checks import Checks, Job
from jupyter_ext.hadoop.doctor_login import Login


class DaemonDoctor:
    """Examines every ResourceManager and NameNode.

    Parameters
    ----------
    checks
        Where findings go.
    login
        As whom they are asked what they are; everything before that is asked without a name.
    known
        The profile, with the name of who asks.
    """

    def __init__(self, checks: Checks, login: Login, known: Profile) -> None:
        self._checks = checks
        self._login = login
        self._user = known.user

    def jobs(self) -> list[Job]:
        """Look at each of them, and at each kind."""
        endpoints = self._checks.profile.endpoints
        jobs = [
            Job(kind, daemon.url, self._check_daemon(kind, daemon))
            for kind, daemon in probe.daemons(self._checks.profile)
        ]
        if endpoints.resourcemanagers:
            jobs.append(Job("resourcemanager", "YARN", self._check_resourcemanagers()))
        if endpoints.namenodes:
            jobs.append(Job("namenode", "HDFS", self._check_namenodes()))
        return jobs

    # -- one daemon ---------------------------------------------------------------------------

    async def _check_daemon(self, kind: probe.Kind, daemon: Daemon) -> None:
        """Go from the name to the first answer, as far as it gets."""
        host, port = probe.address_of(daemon)
        if not host:
            with self._checks.check("dns", daemon.url) as finding:
                finding.set("failed", "Is no usable address.", "See the profile's problems.")
            return
        title = judge.TITLES[kind]
        if not await self._checks.dns(host, port) or not await self._checks.tcp(title, host, port):
            return
        context: ssl.SSLContext | None = None
        if (
            daemon.url.startswith("https:")
            and (context := await self._check_tls(host, port)) is None
        ):
            return
        await self._check_answer(kind, daemon, context)

    async def _check_tls(self, host: str, port: int) -> ssl.SSLContext | None:
        """Check the certificate; gives the context that accepts it, None if there is none."""
        with self._checks.check("tls", f"{host}:{port}") as finding:
            try:
                context = await probe.trust(self._checks.profile.ca_file)
            except OSError as error:
                reason = "holds no certificate" if isinstance(error, ssl.SSLError) else error
                finding.set(
                    "failed",
                    f"{self._checks.profile.ca_file}: {reason}.",
                    "Put the CA's certificate in PEM form there.",
                )
                return None
            try:
                der = await probe.handshake(host, port, context, self._checks.connect_timeout_s)
            except ssl.SSLCertVerificationError as error:
                await self._explain_certificate(finding, host, port, error)
            except TimeoutError:
                finding.set(
                    "failed",
                    f"Accepts the connection, then says nothing for "
                    f"{self._checks.connect_timeout_s:.0f} s.",
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

    async def _explain_certificate(
        self, finding: judge.Finding, host: str, port: int, error: ssl.SSLCertVerificationError
    ) -> None:
        """Say in which way a certificate is wrong."""
        try:
            certificate = await probe.read_certificate(host, port, self._checks.connect_timeout_s)
        except (OSError, TimeoutError, ValueError):
            finding.set("failed", f"The certificate is refused: {error.verify_message}.")
            return
        judge.refusal(finding, error.verify_code, certificate, host, self._checks.profile.directory)

    async def _check_answer(
        self, kind: probe.Kind, daemon: Daemon, context: ssl.SSLContext | None
    ) -> None:
        """Ask without an identity, and judge how the daemon wants one, and its clock."""
        url = f"{daemon.url}{probe.path(self._checks.profile, kind)}"
        if self._checks.profile.auth == "simple" and self._user:
            url += ("&" if "?" in url else "?") + f"user.name={quote(self._user)}"
        answer = None
        with self._checks.check("auth", daemon.url) as finding:
            # Neither proxy nor .netrc of this machine: a cluster is reached directly.
            async with httpx.AsyncClient(
                # For plain http, a context that trusts nobody: loading the system's CAs blocks.
                verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                timeout=self._checks.connect_timeout_s,
            ) as client:
                try:
                    answer = await probe.ask(client, url)
                except httpx.TimeoutException:
                    finding.set(
                        "failed",
                        f"Accepts the connection, then says nothing for "
                        f"{self._checks.connect_timeout_s:.0f} s.",
                        "The daemon hangs: look at its log, or restart it.",
                    )
                except httpx.HTTPError as error:
                    finding.set(
                        "failed",
                        f"Does not speak HTTP ({error}).",
                        "Is this the web port? It may want https, or be the RPC port.",
                    )
                else:
                    judge.auth(finding, self._checks.profile, kind, answer)
        if answer is None:
            return
        if answer.skew_s is None and await self._login.negotiate() is not None:
            return  # it is read when a ticket is shown
        with self._checks.check("clock", daemon.url) as finding:
            judge.clock(finding, self._checks.profile, answer.skew_s)

    # -- what they say of themselves ----------------------------------------------------------

    async def _check_resourcemanagers(self) -> None:
        """Exactly one of them has to be active."""
        with self._checks.check("resourcemanager", "YARN") as finding:
            try:
                hadoop = await self._login.hadoop()
                states = await hadoop.resourcemanager.states()
            except JupyterExtError as error:
                judge.failure(finding, error)
            else:
                judge.states(
                    finding,
                    "resourcemanager",
                    [(daemon, info.ha_state if info else None) for daemon, info in states],
                )

    async def _check_namenodes(self) -> None:
        """One of each nameservice has to be active, and writable."""
        with self._checks.check("namenode", "HDFS") as finding:
            try:
                hadoop = await self._login.hadoop()
                if self._checks.profile.auth == "gateway":
                    home = await hadoop.webhdfs.home()
                    finding.set("ok", f"Answers through the gateway: your directory is {home}.")
                    return
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
