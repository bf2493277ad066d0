"""What Kerberos' programs complain of, in words for the person who wants to log in.

The texts are those of MIT Kerberos 1.18 to 1.22 with ``LC_ALL=C``.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import (
    BadAnswer,
    Forbidden,
    JupyterExtError,
    LoginNeeded,
    Misconfigured,
    Unreachable,
)


class WrongPassword(Forbidden):
    """The password is not that of the user."""

    code = "wrong_password"


class PasswordExpired(Forbidden):
    """The password is right but has to be changed first."""

    code = "password_expired"


class PasswordRejected(Forbidden):
    """The new password is not good enough for the KDC."""

    code = "password_rejected"


class AccountLocked(Forbidden):
    """The account is locked or disabled: even the right password fails."""

    code = "account_locked"


class AccountExpired(Forbidden):
    """The account's time is over."""

    code = "account_expired"


class UnknownUser(Forbidden):
    """The realm or directory has no such user."""

    code = "unknown_user"


class ClockSkew(Forbidden):
    """The clocks of this machine and of the KDC differ too much."""

    code = "clock_skew"


class SessionEnded(LoginNeeded):
    """The ticket's renewable life is over."""

    code = "session_ended"


class ServiceUnknown(Misconfigured):
    """The realm has no such service principal."""

    code = "service_unknown"


class KdcUnreachable(Unreachable):
    """No KDC of the realm answers."""

    code = "kdc_unreachable"


def login(profile: Profile, principal: str, complaint: str, kdcs: Sequence[str]) -> JupyterExtError:
    """Say why there is no ticket.

    Parameters
    ----------
    complaint
        What the program wrote.
    kdcs
        host:port of the KDCs that were asked, as far as they are known.
    """
    name, realm = profile.name, principal.rpartition("@")[2]
    told = last_line(complaint)
    if "Password incorrect" in told or "Preauthentication failed" in told:
        return WrongPassword(
            f"Wrong password for {principal}.",
            hint="The KDC may lock the account after some wrong ones in a row.",
            cluster=name,
        )
    if "Decrypt integrity check failed" in told:
        return WrongPassword(f"Wrong password for {principal}.", cluster=name)
    if "Password expired" in complaint or "Password has expired" in told:
        return PasswordExpired(
            f"The password of {principal} has expired, or must be changed before its first use.",
            hint="Change it here, or with kpasswd.",
            cluster=name,
        )
    if "have been revoked" in told:
        return AccountLocked(
            f"The account {principal} is locked or disabled.",
            hint="Even the right password is refused now: wait if too many wrong ones locked it, "
            "else ask the realm's administrator.",
            cluster=name,
        )
    if "entry in database has expired" in told:
        return AccountExpired(
            f"The account {principal} has expired.",
            hint="Ask the realm's administrator to extend it.",
            cluster=name,
        )
    if "eytab" in told or "Key table" in told:
        return Misconfigured(
            f"The keytab of {profile.title} does not log {principal} in: {told}.",
            hint="Check auth.keytab and auth.principal; klist -k lists whose keys it holds.",
            cluster=name,
        )
    if "Clock skew too great" in told or "Ticket not yet valid" in told:
        return ClockSkew(
            f"The clocks of this machine and of the KDC of {realm} differ too much.",
            hint="Kerberos allows five minutes. Set this machine's clock by NTP.",
            cluster=name,
        )
    if "Server not found in Kerberos database" in told or "Realm not local to KDC" in told:
        return Misconfigured(
            f"The KDC that was asked does not serve the realm {realm}.",
            hint="Check kerberos.realm and the realm's section in krb5.conf.",
            cluster=name,
        )
    if "not found in Kerberos database" in told:
        return UnknownUser(f"There is no user {principal}.", hint="", cluster=name)
    return kdc(profile, realm, told, kdcs)


def password(
    profile: Profile, principal: str, complaint: str, kdcs: Sequence[str]
) -> JupyterExtError:
    """Say why a password was not changed; takes what :func:`login` does."""
    realm, told = principal.rpartition("@")[2], last_line(complaint)
    if not told.endswith("changing password"):
        return login(profile, principal, complaint, kdcs)
    if "Cannot contact" in told:
        return KdcUnreachable(
            f"The service that changes the passwords of {realm} does not answer.",
            hint="It runs beside the KDC, and a firewall may let only the KDC's port through.",
            cluster=profile.name,
        )
    return Misconfigured(
        f"The profile of {profile.title} does not say where passwords of {realm} are changed.",
        hint=f"Name the service in krb5.conf ([realms], {realm}, kpasswd_server or admin_server).",
        cluster=profile.name,
    )


def service(profile: Profile, principal: str, complaint: str) -> JupyterExtError:
    """Say why there is no ticket for a service."""
    told = last_line(complaint)
    if "not found in Kerberos database" in told:
        return ServiceUnknown(
            f"The realm of {profile.title} has no service {principal}.",
            hint="The host in the XML has to be the one in the service's principal; see also rdns "
            "and domain_realm in krb5.conf.",
            cluster=profile.name,
        )
    return renewal(profile, complaint)


def renewal(profile: Profile, complaint: str) -> JupyterExtError:
    """Say why a ticket cannot be renewed or used."""
    told = last_line(complaint)
    ended = ("Ticket expired", "can't fulfill requested option", "No credentials cache", "revoked")
    if any(text in told for text in ended):
        return SessionEnded(
            f"Your login to {profile.title} has ended.", hint="Log in again.", cluster=profile.name
        )
    return kdc(profile, profile.realm or "", told, ())


def kdc(profile: Profile, realm: str, told: str, kdcs: Sequence[str]) -> JupyterExtError:
    """Say what is wrong with the KDC itself."""
    if "Cannot find KDC" in told or "Cannot resolve" in told:
        return Misconfigured(
            f"The profile of {profile.title} does not say where the KDC of {realm} is.",
            hint=f"Name it in krb5.conf ([realms], {realm}, kdc) or in cluster.toml "
            "(kerberos.kdc).",
            cluster=profile.name,
        )
    if "Cannot contact" in told:
        return unreachable(profile, realm, kdcs)
    return BadAnswer(
        f"The KDC of {realm} gave an answer that makes no sense: {told}.",
        hint=f"Does {' or '.join(kdcs) or 'its address'} really belong to a KDC?",
        cluster=profile.name,
    )


def unreachable(
    profile: Profile, realm: str, kdcs: Sequence[str], timeout_s: float | None = None
) -> KdcUnreachable:
    """Say that no KDC answers, which were asked, and for how long."""
    asked = f" ({', '.join(kdcs)})" if kdcs else ""
    limit = f" within {timeout_s:g} s" if timeout_s else ""
    return KdcUnreachable(
        f"No KDC of {realm} answers{asked}{limit}.",
        hint=f"Are you connected to its network? jupyter cluster doctor {profile.name} looks "
        "closer.",
        cluster=profile.name,
    )


def last_line(complaint: str) -> str:
    """Give what a program wrote last, without its own name and what it was about."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    told = lines[-1] if lines else "it gave no reason"
    return told.partition(": ")[2] or told
