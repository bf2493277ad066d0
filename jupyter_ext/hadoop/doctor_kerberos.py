"""The doctor's look at Kerberos: the KDCs, and what a ticket is good for."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict

from jupyter_ext.clusters.models import Daemon
from jupyter_ext.credentials import kdc_clock, krb5_conf
from jupyter_ext.credentials.minted import Minted
from jupyter_ext.credentials.negotiate import Negotiate
from jupyter_ext.display import duration
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop import judge, probe
from jupyter_ext.hadoop.connection import Connection
from jupyter_ext.hadoop.doctor_checks import Checks, Job
from jupyter_ext.hadoop.doctor_login import FIRST, Login
from jupyter_ext.hadoop.tokens import TokenDesk


class KerberosDoctor:
    """Examines how a cluster is logged in to.

    Parameters
    ----------
    checks
        Where findings go.
    login
        Whose tickets are tried.
    """

    def __init__(self, checks: Checks, login: Login) -> None:
        self._checks = checks
        self._login = login
        self._realm = checks.profile.realm or ""

    def jobs(self) -> list[Job]:
        """Look at each KDC, at the tickets for each host, and at the tokens."""
        profile = self._checks.profile
        if profile.auth != "kerberos":
            return []
        kdcs = kdc_clock.kdcs(profile) if self._realm else []
        jobs = [Job("realm", f"KDC {kdc}", self._check_kdc(kdc)) for kdc in kdcs]
        if not kdcs:
            jobs.append(Job("realm", self._realm or profile.name, self._check_realm()))
        hosts: dict[str, list[tuple[probe.Kind, Daemon]]] = defaultdict(list)
        for kind, daemon in probe.daemons(profile):
            if host := probe.address_of(daemon)[0]:
                hosts[host.lower()].append((kind, daemon))
        for host, known in hosts.items():
            service = f"HTTP/{host}@{self._realm}"
            jobs.append(Job("ticket", service, self._check_ticket(service, known)))
        if hosts:
            jobs.append(Job("token", profile.name, self._check_tokens()))
        return jobs

    # -- the realm ----------------------------------------------------------------------------

    async def _check_kdc(self, address: str) -> None:
        """See that a KDC is there, knows the realm, and has the time."""
        checks = self._checks
        try:
            host, port = kdc_clock.place(address)
        except kdc_clock.NoKdc:
            with checks.check("realm", f"KDC {address}") as finding:
                judge.no_address(finding, address)
            return
        if not await checks.dns(host, port) or not await checks.tcp("KDC", host, port):
            return
        target = f"KDC {host}:{port}"
        told = None
        with checks.check("realm", target) as finding:
            try:
                told = await kdc_clock.ask(host, port, self._realm, checks.connect_timeout_s)
            except (OSError, EOFError, kdc_clock.NoKdc) as error:
                finding.set(
                    "failed",
                    f"Does not answer as a KDC: {str(error) or 'no answer in time'}.",
                    f"Is this a KDC of the realm {self._realm}?",
                )
            else:
                judge.realm(finding, self._realm, told.serves)
        if told is not None:
            with checks.check("clock", target) as finding:
                judge.clock(finding, checks.profile, told.skew_s)

    async def _check_realm(self) -> None:
        """Say what is missing where no KDC is known."""
        profile = self._checks.profile
        with self._checks.check("realm", self._realm or profile.name) as finding:
            try:
                conf = await asyncio.to_thread(krb5_conf.text, profile)
            except JupyterExtError as error:
                judge.failure(finding, error)
                return
            if not self._realm:
                finding.set(
                    "failed",
                    "The profile does not say which Kerberos realm it is of.",
                    "Set kerberos.realm in cluster.toml.",
                )
            elif re.search(r"^\s*dns_lookup_kdc\s*=\s*(false|no|0)\b", conf, re.M | re.I):
                finding.set(
                    "failed",
                    "Neither cluster.toml nor krb5.conf says where its KDC is.",
                    f"Name it in krb5.conf ([realms], {self._realm}, kdc) or in cluster.toml "
                    "(kerberos.kdc).",
                )
            else:
                finding.set("skipped", "Its KDCs are found by DNS, which is not asked here.")

    # -- tickets ------------------------------------------------------------------------------

    async def _check_ticket(self, service: str, daemons: list[tuple[probe.Kind, Daemon]]) -> None:
        """Get a ticket for the web servers of one host, and show it to each of them."""
        negotiate = await self._login.negotiate()
        if negotiate is None:
            self._checks.skip("ticket", service, FIRST)
            for _, daemon in daemons:
                self._checks.skip("spnego", daemon.url, FIRST)
            return
        with self._checks.check("ticket", service) as finding:
            try:
                ticket = await negotiate.tickets.get(service)
            except JupyterExtError as error:
                judge.failure(finding, error)
            else:
                left = duration(ticket.expires_at - time.time())
                finding.set("ok", f"You have one, for another {left}.")
        if finding.verdict == "ok":
            await asyncio.gather(*(self._check_spnego(negotiate, *known) for known in daemons))
            return
        for _, daemon in daemons:
            self._checks.skip("spnego", daemon.url, "There is no ticket for it.")

    async def _check_spnego(self, negotiate: Negotiate, kind: probe.Kind, daemon: Daemon) -> None:
        """Show a daemon the ticket, and read its clock, which it shows to nobody before.

        The login is one of its own, because a cookie would take the ticket's place.
        """
        with self._checks.check("spnego", daemon.url) as finding:
            auth = Negotiate(negotiate.principal, negotiate.tickets)
            connection, asked, skew_s = None, False, None
            try:
                # In a thread: with https it reads the CAs.
                connection = await asyncio.to_thread(Connection, self._checks.profile, auth=auth)
                url = f"{daemon.url}{probe.path(self._checks.profile, kind)}"
                async with connection.stream("GET", url) as response:
                    asked = "authorization" in response.request.headers
                    skew_s = probe.skew(response.headers, time.time())
            except JupyterExtError as error:
                judge.failure(finding, error)
            else:
                judge.spnego(finding, kind, auth.principal, asked)
            finally:
                if connection is not None:
                    await connection.aclose()
        if asked:
            with self._checks.check("clock", daemon.url) as finding:
                judge.clock(finding, self._checks.profile, skew_s)

    # -- tokens -------------------------------------------------------------------------------

    async def _check_tokens(self) -> None:
        """Get every delegation token, and give it back."""
        negotiate = await self._login.negotiate()
        if negotiate is None:
            self._checks.skip("token", self._checks.profile.name, FIRST)
            return
        user = negotiate.principal.partition("@")[0].partition("/")[0]
        desk = TokenDesk(await self._login.hadoop(), user)
        start = time.monotonic()
        for one in await desk.mint():
            await self._check_token(desk, one, start)

    async def _check_token(self, desk: TokenDesk, minted: Minted, start: float) -> None:
        info = minted.info
        target = f"{info.service} {info.address}".rstrip()
        with self._checks.check("token", target, since=start) as finding:
            if info.error is not None:
                judge.reason(finding, info.error)
                return
            try:
                await desk.cancel(minted)
            except JupyterExtError as error:
                finding.set(
                    "warning",
                    f"Was given, but could not be given back: {error.message}",
                    "It ends by itself.",
                )
            else:
                finding.set("ok", "Was given, and taken back.")
