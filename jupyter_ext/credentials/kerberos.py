"""One cluster's realm: tickets by password or keytab, their renewal, and new passwords."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import ccache, failures, kdc_clock, krb5_conf, programs
from jupyter_ext.credentials.runtime import storing
from jupyter_ext.credentials.whole import whole
from jupyter_ext.errors import InvalidInput, JupyterExtError, Misconfigured
from jupyter_ext.files import replace

P = ParamSpec("P")
T = TypeVar("T")

PROBE_S = 1.0
"""A KDC that has not answered by then is asked last."""


class Realm:
    """The realm of one cluster, spoken to through child processes.

    Every ticket is written to a new file that replaces the old one, so whoever reads a ticket
    file meanwhile sees a whole one.

    Parameters
    ----------
    profile
        The cluster.
    directory
        A private directory for configuration and tickets.
    """

    def __init__(self, profile: Profile, directory: Path) -> None:
        self.profile = profile
        self.tickets = directory / "krb5cc"
        self._directory = directory
        self._conf = directory / "krb5.conf"
        self._timeout_s = profile.config.kerberos.timeout_s

    def principal(self, user: str) -> str:
        """Complete what somebody typed as a user name.

        Raises
        ------
        InvalidInput
            If it is of another realm, with the realm that is meant.
        Misconfigured
            If the profile does not say which realm it is of.
        """
        name, _, realm = user.partition("@")
        own = self.profile.realm
        if not own:
            raise Misconfigured(
                f"The profile of {self.profile.title} does not say which Kerberos realm it is of.",
                hint="Put its krb5.conf beside cluster.toml, or set kerberos.realm.",
                cluster=self.profile.name,
            )
        if realm and realm != own:
            raise InvalidInput(
                f"{self.profile.title} is of the realm {own}, not {realm}.",
                hint=f"Log in as {name}@{own}." if realm.upper() != own else f"Write it {own}.",
                cluster=self.profile.name,
            )
        return f"{name}@{own}"

    async def login(self, principal: str, password: str) -> ccache.TicketFile:
        """Get a ticket for a password.

        Raises
        ------
        WrongPassword, PasswordExpired, AccountLocked, AccountExpired, UnknownUser, ClockSkew
            If the KDC refuses.
        KdcUnreachable, BadAnswer, Misconfigured, Unavailable
            If it could not be asked.
        """
        check_password(self.profile, password)
        return await self._new_ticket(principal, [], f"{password}\n")

    async def login_with_keytab(self, principal: str, keytab: str) -> ccache.TicketFile:
        """Get a ticket for the key in a keytab; raises as :meth:`login`."""
        return await self._new_ticket(principal, ["-k", "-t", keytab], "")

    async def adopt(self, tickets: Path) -> ccache.TicketFile:
        """Take a copy of a ticket file that somebody else keeps alive.

        Raises
        ------
        SessionEnded, Misconfigured
            If it cannot be used.
        """
        try:
            data = await asyncio.to_thread(tickets.read_bytes)
            ccache.parse(data)
        except (OSError, ccache.BadCache) as error:
            raise failures.SessionEnded(
                f"There are no tickets for {self.profile.title} in {tickets}.",
                hint="Log in where they come from (PAM, JupyterHub, kinit).",
                cluster=self.profile.name,
            ) from error
        return await self.take(data, f"in {tickets}")

    async def take(self, data: bytes, whence: str) -> ccache.TicketFile:
        """Take the content of a ticket file.

        Parameters
        ----------
        whence
            For a message: where it comes from.

        Raises
        ------
        Misconfigured
            If its tickets are of another realm.
        """
        found = ccache.parse(data)
        if found.realm != self.profile.realm:
            raise Misconfigured(
                f"The tickets {whence} are of {found.realm}, and {self.profile.title} is of "
                f"{self.profile.realm}.",
                cluster=self.profile.name,
            )
        await self._configure(())
        with self._replacing() as new:
            await self._store(replace, new, data)
        return found

    async def renew(self) -> ccache.TicketFile:
        """Put the end of the ticket off.

        Raises
        ------
        SessionEnded
            If it has ended, or its renewable life has.
        KdcUnreachable, BadAnswer
            If the KDC could not be asked.
        """
        with self._replacing() as new:
            await self._store(_copy, self.tickets, new)
            answer = await self._run("kinit", ["-R", "-c", f"FILE:{new}"])
            if answer.code:
                raise failures.renewal(self.profile, answer.complaint)
            return await self._store(ccache.read, new)

    async def change_password(self, principal: str, old: str, new: str) -> None:
        """Change a password, also one that has expired.

        Raises
        ------
        PasswordRejected
            With the KDC's own reason.
        JupyterExtError
            As :meth:`login` does if the old one is refused.
        """
        check_password(self.profile, old)
        check_password(self.profile, new)
        kdcs = await self._configure_reachable()
        answer = await self._run("kpasswd", [principal], f"{old}\n{new}\n{new}\n", kdcs)
        if not answer.code:
            return
        # Prompts have no end of line, so the reason follows the last of them.
        said = answer.output.rpartition("Enter it again: ")[2].strip()
        if "rejected" in said or "rejected" in answer.complaint:
            reason = said.partition(":")[2].strip() or said or failures.last_line(answer.complaint)
            raise failures.PasswordRejected(
                "The new password is not accepted: " + " ".join(reason.split()),
                cluster=self.profile.name,
            )
        raise failures.password(self.profile, principal, answer.complaint, kdcs)

    # -- helpers ------------------------------------------------------------------------------

    async def _new_ticket(
        self, principal: str, options: Sequence[str], text: str
    ) -> ccache.TicketFile:
        kdcs = await self._configure_reachable()
        with self._replacing() as new:
            argv = ["-c", f"FILE:{new}", *options, principal]
            answer = await self._run("kinit", argv, text, kdcs)
            if answer.code:
                said = f"{answer.output}\n{answer.complaint}"
                raise await self._explain(failures.login(self.profile, principal, said, kdcs))
            return await self._store(ccache.read, new)

    @contextmanager
    def _replacing(self) -> Iterator[Path]:
        """Give a place for new tickets, which take that of the old ones at the end of the block.

        Nothing is waited for between that and the return to whoever asked, so that nobody is
        cancelled who has the new tickets and does not know it.
        """
        new = self._directory / "krb5cc.new"
        try:
            yield new
            with storing(self._directory, self.profile.name):
                new.replace(self.tickets)
        finally:
            new.unlink(missing_ok=True)

    async def _store(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with storing(self._directory, self.profile.name):
            return await whole(asyncio.to_thread(work, *args, **kwargs))

    async def _run(
        self, program: str, arguments: Sequence[str], text: str = "", kdcs: Sequence[str] = ()
    ) -> programs.Answer:
        try:
            answer = await programs.run(
                [programs.find(program), *arguments],
                {"KRB5_CONFIG": str(self._conf), "KRB5CCNAME": f"FILE:{self.tickets}"},
                text=text,
                timeout_s=self._timeout_s,
            )
        except programs.TooSlow:
            raise failures.unreachable(
                self.profile,
                self.profile.realm or "",
                kdcs or kdc_clock.kdcs(self.profile),
                self._timeout_s,
            ) from None
        if answer.code and os.strerror(errno.ENOSPC) in answer.complaint:
            with storing(self._directory, self.profile.name):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return answer

    async def _configure_reachable(self) -> list[str]:
        """Write the configuration with a KDC in front that answers.

        libkrb5 waits 10 s for a first KDC that is dead before it tries the second.
        """
        kdcs = kdc_clock.kdcs(self.profile)
        if len(kdcs) > 1:
            answers = await asyncio.gather(*(self._answers(kdc) for kdc in kdcs))
            alive = [kdc for kdc, answer in zip(kdcs, answers, strict=True) if answer]
            kdcs = alive + [kdc for kdc in kdcs if kdc not in alive]
        await self._configure(kdcs if len(kdcs) > 1 else ())
        return kdcs

    async def _answers(self, kdc: str) -> bool:
        return await self._skew_s(kdc) is not None

    async def _skew_s(self, kdc: str) -> float | None:
        """Seconds that a KDC is ahead of this machine, or None if it is no KDC that answers."""
        with suppress(OSError, EOFError, kdc_clock.NoKdc):  # TimeoutError is an OSError
            host, port = kdc_clock.place(kdc)
            return await kdc_clock.skew(host, port, self.profile.realm or "", PROBE_S)
        return None

    async def _configure(self, kdcs: Sequence[str]) -> None:
        conf = krb5_conf.for_login(self.profile, kdcs)
        await self._store(replace, self._conf, conf)

    async def _explain(self, error: JupyterExtError) -> JupyterExtError:
        """Say by how much the clocks differ, if that is what is wrong."""
        if isinstance(error, failures.ClockSkew):
            for kdc in kdc_clock.kdcs(self.profile):
                if skew_s := await self._skew_s(kdc):
                    side = "ahead of" if skew_s > 0 else "behind"
                    error.message = (
                        f"The clock of the KDC {kdc} is {abs(skew_s):.0f} s {side} this machine's."
                    )
                    break
        return error


def _copy(source: Path, target: Path) -> None:
    try:
        replace(target, source.read_bytes())
    except FileNotFoundError:
        target.unlink(missing_ok=True)  # kinit then says that there are no tickets


def check_password(profile: Profile, password: str) -> None:
    """Refuse what no password can be, before it is sent anywhere.

    Raises
    ------
    InvalidInput
        If it is empty, or holds what ends a line.
    """
    if not password:
        raise InvalidInput("The password is empty.", cluster=profile.name)
    if any(character in password for character in "\n\r\0"):
        raise InvalidInput(
            "The password holds a line break, which no Kerberos program can read.",
            cluster=profile.name,
        )
