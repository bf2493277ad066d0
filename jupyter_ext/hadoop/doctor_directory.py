"""The doctor's look at a cluster's directory: its certificate, and whom it takes a ticket for."""

from __future__ import annotations

from jupyter_ext.credentials.ldap import Directory
from jupyter_ext.errors import JupyterExtError
from jupyter_ext.hadoop import judge, probe
from jupyter_ext.hadoop.doctor_checks import Checks, Job
from jupyter_ext.hadoop.doctor_login import FIRST, Login


class DirectoryDoctor:
    """Examines the directory that a profile names.

    Parameters
    ----------
    checks
        Where findings go.
    login
        Whose ticket is tried.
    """

    def __init__(self, checks: Checks, login: Login) -> None:
        self._checks = checks
        self._login = login
        self._directory = Directory(checks.profile)

    def jobs(self) -> list[Job]:
        """Look at it where there is one."""
        ldap = self._checks.profile.config.ldap
        return [Job("tls", ldap.url, self._check(ldap.url))] if ldap is not None else []

    async def _check(self, url: str) -> None:
        trusted = await self._check_tls(url)
        # Without Kerberos a directory takes passwords, and has taken one if somebody is logged in.
        if self._checks.profile.auth == "kerberos":
            await self._check_bind(url, trusted)

    async def _check_tls(self, url: str) -> bool:
        with self._checks.check("tls", url) as finding:
            try:
                channel = await self._directory.check_tls()
            except JupyterExtError as error:
                judge.failure(finding, error)
            else:
                judge.dates(finding, await probe.describe(channel.certificate))
                finding.message = f"{channel}. {finding.message}"
        return finding.verdict != "failed"

    async def _check_bind(self, url: str, trusted: bool) -> None:
        negotiate = await self._login.negotiate()
        if negotiate is None or not trusted:
            self._checks.skip("bind", url, FIRST if trusted else "Nothing is sent to it.")
            return
        with self._checks.check("bind", url) as finding:
            try:
                who = await self._directory.check_bind(negotiate.tickets)
            except JupyterExtError as error:
                judge.failure(finding, error)
            else:
                finding.set("ok", f"Takes your ticket, for {who}.")
