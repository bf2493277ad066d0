"""What a directory's refusals mean, in words for the person who wants to log in.

Result codes are those of RFC 4511, appendix A. OpenLDAP and 389 say more in the password policy
control (draft-behera-ldap-password-policy-11, 6.2), Active Directory in a code within its message
("AcceptSecurityContext error, data 52e").
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.failures import (
    AccountExpired,
    AccountLocked,
    PasswordExpired,
    PasswordRejected,
    UnknownUser,
    WrongPassword,
)
from jupyter_ext.credentials.negotiate import TicketRefused
from jupyter_ext.errors import (
    BadAnswer,
    Forbidden,
    JupyterExtError,
    Misconfigured,
    Unavailable,
    Unreachable,
    Untrusted,
)

POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"
"""The password policy control; a request with it gets an answer with it."""

_ACTIVE_DIRECTORY = re.compile(r"AcceptSecurityContext error, data ([0-9a-f]+)\b", re.IGNORECASE)
_MAX_TOLD = 200
_HOST_MISMATCH, _IP_MISMATCH, _EXPIRED, _NOT_YET_VALID = 62, 64, 10, 9
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH, _CERT_HAS_EXPIRED and
_CERT_NOT_YET_VALID."""


class DirectoryUnavailable(Unavailable):
    """The directory answers, but only that it cannot serve anybody now."""


# -- what it says to a bind ------------------------------------------------------------------


def bind(
    profile: Profile, user: str, result: Mapping[str, Any], *, by_ticket: bool = False
) -> JupyterExtError | None:
    """Say why a bind failed; None if it did not.

    Parameters
    ----------
    user
        Whose it is, as they typed it.
    result
        ``result``, ``description``, ``message``, ``referrals`` and ``controls`` of the answer.
    by_ticket
        Whether a ticket was sent, not a password.
    """
    code = int(result["result"])
    policy = policy_error((result.get("controls") or {}).get(POLICY, {}).get("value"))
    # It has to be looked at even with success: a password that must be changed binds.
    if policy is not None and (cause := _POLICY.get(policy)):
        return cause(profile, user)
    if code == 0:
        return None
    told = _told(result)
    detail = _ACTIVE_DIRECTORY.search(told)
    if detail and (cause := _CAUSES.get(detail[1].lower())):
        return cause(profile, user)
    if code == 49 and by_ticket:
        return TicketRefused(
            f"The directory of {profile.title} does not accept your ticket{_quoted(told)}.",
            hint="It may know nobody of your name, or hold an older key than its principal's.",
            cluster=profile.name,
        )
    if code == 49:
        return _wrong(profile, user)
    # 389 answers like this to an account that too many wrong passwords locked, or that was ended.
    if code == 19 or (code == 53 and re.search(r"inactivated|disabled|locked", told, re.I)):
        return _locked(profile, user)
    if code == 7:
        what = "tickets (SASL GSSAPI)" if by_ticket else "passwords (simple bind)"
        return Misconfigured(
            f"The directory of {profile.title} takes no {what}{_quoted(told)}.",
            hint="Its administrator can allow them.",
            cluster=profile.name,
        )
    if code in (48, 53):
        return Forbidden(
            f"The directory of {profile.title} does not let {user} log in like this"
            f"{_quoted(told)}.",
            hint="Ask its administrator whether the account has a password and may use it here.",
            cluster=profile.name,
        )
    if code in (32, 34):
        return Misconfigured(
            f"The directory of {profile.title} knows no such name as {user} has by ldap.base_dn "
            f"and ldap.user_attribute{_quoted(told)}.",
            hint="People have to be directly below ldap.base_dn to log in with a password.",
            cluster=profile.name,
        )
    return answer(profile, result)


def policy_error(value: bytes | None) -> int | None:
    """Decode the error of a password policy control.

    The value is ``SEQUENCE { warning [0] CHOICE OPTIONAL, error [1] ENUMERATED OPTIONAL }``, all of
    it short enough for lengths of one byte.

    Returns
    -------
    0 to 8, or None if there is none.
    """
    if not value or value[0] != 0x30:
        return None
    at = 2
    while at + 2 < len(value):
        tag, size = value[at], value[at + 1]
        if tag == 0x81 and size == 1:
            return value[at + 2]
        at += 2 + size
    return None


def _wrong(profile: Profile, user: str) -> JupyterExtError:
    # A directory does not say which, so that nobody can try out who exists.
    return WrongPassword(
        f"Wrong password for {user}, or the directory of {profile.title} has no such user.",
        hint="It may lock the account after some wrong ones in a row.",
        cluster=profile.name,
    )


def _unknown(profile: Profile, user: str) -> JupyterExtError:
    return UnknownUser(
        f"The directory of {profile.title} has no user {user}.", cluster=profile.name
    )


def unknown(profile: Profile, user: str) -> JupyterExtError:
    """Say that a search found nobody."""
    error = _unknown(profile, user)
    error.hint = "ldap.base_dn and ldap.user_attribute say where and by what people are searched."
    return error


def _expired(profile: Profile, user: str) -> JupyterExtError:
    return PasswordExpired(
        f"The password of {user} has expired, or must be changed before its first use.",
        hint=f"Change it where {profile.title}'s passwords are kept.",
        cluster=profile.name,
    )


def _locked(profile: Profile, user: str) -> JupyterExtError:
    return AccountLocked(
        f"The account {user} of {profile.title} is locked or disabled.",
        hint="Even the right password is refused now: wait if too many wrong ones locked it, "
        "else ask the directory's administrator.",
        cluster=profile.name,
    )


def _lapsed(profile: Profile, user: str) -> JupyterExtError:
    return AccountExpired(
        f"The account {user} of {profile.title} has expired.",
        hint="Ask the directory's administrator to extend it.",
        cluster=profile.name,
    )


def _not_now(profile: Profile, user: str) -> JupyterExtError:
    return Forbidden(
        f"{user} may not log in to {profile.title} at this time of day, or from this machine.",
        hint="Ask the directory's administrator for the account's hours and workstations.",
        cluster=profile.name,
    )


def _rejected(reason: str) -> Callable[[Profile, str], JupyterExtError]:
    def error(profile: Profile, user: str) -> JupyterExtError:
        return PasswordRejected(
            f"The directory of {profile.title} does not accept the password of {user}: {reason}.",
            cluster=profile.name,
        )

    return error


_POLICY: Mapping[int, Callable[[Profile, str], JupyterExtError]] = {
    0: _expired,
    1: _locked,
    2: _expired,
    3: _rejected("it may not be changed"),
    4: _rejected("the old one is needed too"),
    5: _rejected("it is too easy to guess"),
    6: _rejected("it is too short"),
    7: _rejected("the old one is too young to be changed"),
    8: _rejected("it was used before"),
}
_CAUSES: Mapping[str, Callable[[Profile, str], JupyterExtError]] = {
    "525": _unknown,
    "52e": _wrong,
    "530": _not_now,
    "531": _not_now,
    "532": _expired,
    "533": _locked,
    "701": _lapsed,
    "773": _expired,
    "775": _locked,
}
"""Windows' ERROR_NO_SUCH_USER, LOGON_FAILURE, INVALID_LOGON_HOURS, INVALID_WORKSTATION,
PASSWORD_EXPIRED, ACCOUNT_DISABLED, ACCOUNT_EXPIRED, PASSWORD_MUST_CHANGE, ACCOUNT_LOCKED_OUT."""


# -- what it says to anything ----------------------------------------------------------------


def answer(profile: Profile, result: Mapping[str, Any]) -> JupyterExtError:
    """Say what an answer that is no success means, whatever was asked."""
    code, told = int(result["result"]), _told(result)
    if code == 10:
        elsewhere = ", ".join(_host(url) for url in result.get("referrals") or ()) or "another"
        return Misconfigured(
            f"The directory of {profile.title} refers to another server ({elsewhere}), which was "
            "not asked: nothing is sent to a server that the profile does not name.",
            hint="If it is the right one, set ldap.url to it.",
            cluster=profile.name,
        )
    if code in (8, 13):
        return Misconfigured(
            f"The directory of {profile.title} demands more protection than this TLS connection "
            f"gives{_quoted(told)}.",
            hint="Try ldaps:// in ldap.url if it is ldap://, else ask its administrator what it "
            "demands.",
            cluster=profile.name,
        )
    if code in (51, 52):
        return DirectoryUnavailable(
            f"The directory of {profile.title} cannot serve anybody now{_quoted(told)}.",
            hint="Try again in a while.",
            cluster=profile.name,
        )
    if code == 32:
        return Misconfigured(
            f"The directory of {profile.title} has nothing at the place that is searched.",
            hint="Check ldap.base_dn and ldap.group_dn.",
            cluster=profile.name,
        )
    if code == 34:
        return Misconfigured(
            f"The directory of {profile.title} cannot read the name of the place that is searched.",
            hint="Write ldap.base_dn and ldap.group_dn like ou=people,dc=example,dc=com.",
            cluster=profile.name,
        )
    if code == 50:
        return Forbidden(
            f"The directory of {profile.title} does not let you look yourself up{_quoted(told)}.",
            hint="Ask its administrator for read access to your own entry and to groups.",
            cluster=profile.name,
        )
    name = result.get("description") or "an unknown code"
    return BadAnswer(
        f"The directory of {profile.title} answered {name} ({code}){_quoted(told)}.",
        hint="Its log says more.",
        cluster=profile.name,
    )


# -- what happens before it can say anything ------------------------------------------------


def untrusted(profile: Profile, where: str, error: ssl.SSLCertVerificationError) -> Untrusted:
    """Say in which way the directory's certificate is wrong; nothing was sent."""
    hint = "Put the certificate of the CA that signs it into the profile's ca.pem."
    if error.verify_code in (_HOST_MISMATCH, _IP_MISMATCH):
        hint = "Use the name it was issued for in ldap.url, or have one issued for this name."
    elif error.verify_code == _EXPIRED:
        hint = "Have it renewed."
    elif error.verify_code == _NOT_YET_VALID:
        hint = "Compare the clocks of this machine and of whoever issued it."
    return Untrusted(
        f"The directory of {profile.title} at {where} does not prove who it is: "
        f"{error.verify_message.rstrip('.')}. Nothing was sent to it.",
        hint=hint,
        cluster=profile.name,
    )


def no_starttls(profile: Profile, where: str, told: str) -> Misconfigured:
    """Say that an unprotected connection was not used."""
    return Misconfigured(
        f"The directory of {profile.title} at {where} refuses StartTLS{_quoted(told)}. Without it "
        "the connection is not protected, so nothing was sent.",
        hint="Have TLS set up there, or use an ldaps:// address in ldap.url.",
        cluster=profile.name,
    )


def no_tls(profile: Profile, where: str, reason: str) -> BadAnswer:
    """Say that the handshake failed for another reason than the certificate."""
    return BadAnswer(
        f"There is no TLS handshake with the directory of {profile.title} at {where} ({reason}).",
        hint="If it expects StartTLS, write ldap:// in ldap.url; ldaps:// is TLS from the start.",
        cluster=profile.name,
    )


def no_ldap(profile: Profile, where: str, reason: str) -> BadAnswer:
    """Say that what answers does not speak LDAP, or breaks off."""
    return BadAnswer(
        f"What answers at {where} makes no sense as the directory of {profile.title} ({reason}).",
        hint="Does ldap.url really name an LDAP server? The port of ldaps:// is not that of ldap://.",
        cluster=profile.name,
    )


def unreachable(profile: Profile, where: str, reason: str) -> Unreachable:
    """Say that the directory does not answer.

    Parameters
    ----------
    reason
        The end of "The directory at host:port ...".
    """
    return Unreachable(
        f"The directory of {profile.title} at {where} {reason}.",
        hint=f"Are you connected to its network? jupyter cluster doctor {profile.name} looks "
        "closer.",
        cluster=profile.name,
    )


def _told(result: Mapping[str, Any]) -> str:
    return " ".join(str(result.get("message") or "").split())[:_MAX_TOLD].rstrip(". \0")


def _quoted(told: str) -> str:
    return f" ({told})" if told else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc or url
    except ValueError:
        return url
