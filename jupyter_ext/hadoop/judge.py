"""What the doctor's findings mean."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from jupyter_ext.clusters.models import Daemon, Profile
from jupyter_ext.credentials.failures import SessionEnded
from jupyter_ext.credentials.models import Identity, Reason
from jupyter_ext.display import duration
from jupyter_ext.errors import JupyterExtError, LoginNeeded
from jupyter_ext.hadoop.models import HaState, Verdict
from jupyter_ext.hadoop.probe import Answer, Certificate, Kind

EXPIRES_SOON_S = 14 * 86_400.0
SKEW_WARNING_S = 60.0
SKEW_FAILED_S = 300.0
"""Kerberos refuses beyond this (``clockskew`` of krb5.conf, five minutes by default)."""

# OpenSSL's X509_V_ERR_*, which the ssl module gives as bare numbers (x509_vfy.h).
NOT_YET_VALID = 9
EXPIRED = 10
HOSTNAME_MISMATCH = 62
IP_ADDRESS_MISMATCH = 64

TITLES: dict[Kind, str] = {"resourcemanager": "ResourceManager", "namenode": "NameNode"}


class Finding:
    """What a check found; ``ok`` until something else turns up."""

    verdict: Verdict = "ok"
    message = ""
    remedy = ""

    def set(self, verdict: Verdict, message: str, remedy: str = "") -> None:
        """Replace what was found."""
        self.verdict, self.message, self.remedy = verdict, message, remedy


def day(epoch_s: float) -> str:
    """Give a date for people, in UTC as certificates have it."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d")


def dates(finding: Finding, certificate: Certificate) -> None:
    """Judge how long a trusted certificate is still good for."""
    left_s = certificate.not_after - time.time()
    message = f"Trusted; valid until {day(certificate.not_after)}."
    if left_s < EXPIRES_SOON_S:
        days = max(0, int(left_s // 86_400))
        finding.set("warning", f"{message} That is in {days} days.", "Have it renewed in time.")
    else:
        finding.set("ok", message)


def refusal(
    finding: Finding, code: int, certificate: Certificate, host: str, directory: str
) -> None:
    """Say in which way a certificate is wrong.

    Parameters
    ----------
    code
        OpenSSL's reason for refusing it.
    directory
        Of the profile, where a CA certificate may be put.
    """
    if code == EXPIRED:
        finding.set(
            "failed",
            f"The certificate expired on {day(certificate.not_after)}.",
            "Have the certificate renewed, and restart the daemon.",
        )
    elif code == NOT_YET_VALID:
        finding.set(
            "failed",
            f"The certificate is not valid before {day(certificate.not_before)}.",
            "Compare the clocks of this machine and of whoever issued it.",
        )
    elif code in (HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH):
        finding.set(
            "failed",
            f"The certificate is for {', '.join(certificate.names) or 'nobody'}, not {host}.",
            "Use that name in the XML, or have a certificate issued for this one.",
        )
    else:
        issuer = "itself" if certificate.self_signed else certificate.issuer
        finding.set(
            "failed",
            f"The certificate is signed by {issuer}, which is not trusted here.",
            f"Put the certificate of the CA that signs it into {directory}/ca.pem.",
        )


def auth(finding: Finding, profile: Profile, kind: Kind, answer: Answer) -> None:
    """Compare how a daemon wants to know who you are with what the profile says."""
    title = TITLES[kind]
    scheme = "negotiate" if "negotiate" in answer.challenges else "".join(answer.challenges[:1])
    if answer.status == 401 and scheme == "negotiate":
        if profile.auth == "simple":
            finding.set(
                "failed",
                f"The {title} wants Kerberos, but the profile says simple.",
                "Set hadoop.security.authentication to kerberos in core-site.xml, or auth.type in "
                "cluster.toml.",
            )
        else:
            finding.set("ok", "Wants Kerberos (Negotiate).")
    elif answer.status == 401 and profile.auth == "gateway":
        finding.set("ok", f"The gateway wants a login ({scheme or 'unnamed'}).")
    elif answer.status in (401, 403):
        wanted = f" ({scheme})" if scheme else ""
        finding.set(
            "failed",
            f"The {title} answers {answer.status}{wanted}; expected "
            f"{'Negotiate' if profile.auth == 'kerberos' else 'no login'}.",
            "Compare hadoop.http.authentication.type on the daemon with the profile's auth.type.",
        )
    elif answer.status in (302, 303) and profile.auth == "gateway":
        finding.set("ok", "The gateway sends to a login page.")
    elif answer.status != 200:
        finding.set(
            "failed", f"The {title} answers {answer.status}.", "Look at the daemon's own log."
        )
    elif "json" not in answer.content_type:
        kind_of_answer = answer.content_type.partition(";")[0] or "something unnamed"
        finding.set(
            "failed",
            f"Answers with {kind_of_answer} instead of JSON.",
            f"Is this the {title}'s web port? A proxy or another daemon may be in its place.",
        )
    elif profile.auth == "kerberos":
        finding.set(
            "warning",
            f"The {title}'s web server asks nobody for a ticket, although the cluster uses "
            "Kerberos.",
            "Everyone who reaches it is the static user there; set "
            "hadoop.http.authentication.type to kerberos.",
        )
    else:
        finding.set("ok", "Wants no login.")


def clock(finding: Finding, profile: Profile, skew_s: float | None) -> None:
    """Judge the difference between a daemon's clock and ours."""
    if skew_s is None:
        finding.set("skipped", "The answer has no date.")
        return
    off = abs(skew_s)
    where = "ahead of" if skew_s > 0 else "behind"
    amount = f"{off:.0f} s" if off < 120 else f"{off:.0f} s ({off / 60:.0f} minutes)"
    message = f"Its clock is {amount} {where} this machine's."
    remedy = "Let both machines follow the same NTP server."
    if off >= SKEW_FAILED_S and profile.auth == "kerberos":
        finding.set("failed", f"{message} Kerberos refuses beyond 5 minutes.", remedy)
    elif off > SKEW_WARNING_S:
        finding.set("warning", message, remedy)
    else:
        finding.set("ok", f"Agrees with this machine's. The difference is {off:.1f} s.")


def no_address(finding: Finding, kdc: str) -> None:
    """Judge a KDC that is not named as host:port."""
    if kdc.startswith("https:"):
        finding.set("skipped", "Is a KDC proxy, which is not asked here.")
    else:
        finding.set(
            "failed",
            "Is no host:port.",
            "Correct it in krb5.conf, or kerberos.kdc in cluster.toml.",
        )


def realm(finding: Finding, name: str, serves: bool) -> None:
    """Judge whether a KDC knows the realm."""
    if serves:
        finding.set("ok", f"Serves {name}.")
    else:
        finding.set(
            "failed",
            f"Is a KDC, but not of the realm {name}.",
            "Compare kerberos.realm and kerberos.kdc in cluster.toml, or the realms in krb5.conf.",
        )


def identity(finding: Finding, found: Identity) -> None:
    """Judge who asks."""
    if not found.principal:
        if found.state == "error" and found.reason:
            reason(finding, found.reason)
        else:
            ended = found.state == "expired"
            finding.set(
                "skipped",
                "Your login has ended." if ended else "Nobody is logged in.",
                "Log in, then what your identity is good for is checked too.",
            )
        return
    message = f"You are {found.principal}."
    if found.expires_at is not None:
        message = f"{message[:-1]} for another {duration(found.expires_at - time.time())}."
    if found.state == "expiring":
        finding.set("warning", message, "That is the end: log in again in time.")
    elif found.state == "error" and found.reason:
        finding.set("warning", f"{message} {found.reason.message}", found.reason.hint)
    else:
        finding.set("ok", message)


def spnego(finding: Finding, kind: Kind, principal: str, asked: bool) -> None:
    """Judge an answer to a request that may have carried a ticket.

    Parameters
    ----------
    asked
        Whether the daemon wanted the ticket.
    """
    if asked:
        finding.set("ok", f"Takes you for {principal}, and proves in turn that it is the service.")
    else:
        finding.set(
            "warning",
            f"The {TITLES[kind]} answers without having looked at a ticket.",
            "Set hadoop.http.authentication.type to kerberos.",
        )


def states(finding: Finding, kind: Kind, found: Sequence[tuple[Daemon, HaState | None]]) -> None:
    """Exactly one daemon of each nameservice, and of YARN, has to be active.

    Parameters
    ----------
    found
        None for a daemon that does not answer.
    """
    title = TITLES[kind]
    active: list[str] = []
    for nameservice, group in groupby(found, key=lambda item: item[0].nameservice):
        members = list(group)
        where = f" of {nameservice}" if nameservice else ""
        now = [name(daemon) for daemon, state in members if state == "ACTIVE"]
        silent = [name(daemon) for daemon, state in members if state is None]
        others = [name(d) for d, state in members if state is not None and state != "ACTIVE"]
        if len(now) > 1:
            finding.set(
                "failed",
                f"{' and '.join(now)} both say that they are the active {title}{where}.",
                "Stop one of them: writes may be going to both.",
            )
            return
        if not now and not others:
            finding.set(
                "failed",
                f"No {title}{where} answers ({', '.join(silent)}).",
                "See the checks of their addresses.",
            )
            return
        if not now:
            finding.set(
                "failed",
                f"No {title}{where} is active; {', '.join(others)} on standby.",
                "Wait for the failover, or look at ZooKeeper and the failover controllers.",
            )
            return
        active.extend(now)
        if silent:
            finding.set(
                "warning",
                f"{now[0]} is active, but {', '.join(silent)} does not answer.",
                "Nothing takes over if the active one fails: start the other one.",
            )
    if finding.verdict == "ok":
        finding.set("ok", f"Active: {', '.join(active)}.")


def name(daemon: Daemon) -> str:
    """Call a daemon by its id, or by its address if it is alone."""
    return daemon.id or daemon.url


def failure(finding: Finding, error: JupyterExtError) -> None:
    """Report a client's error; without a login there is nothing to judge yet."""
    if isinstance(error, LoginNeeded):
        # A login that has ended is told as such.
        message = error.message if isinstance(error, SessionEnded) else "Login needed."
        finding.set("skipped", message, error.hint)
    else:
        finding.set("failed", error.message, error.hint)


def reason(finding: Finding, found: Reason) -> None:
    """Report what was kept of an error."""
    finding.set("failed", found.message, found.hint)
