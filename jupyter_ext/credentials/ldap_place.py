"""Where a cluster's directory is, and what people are called there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from jupyter_ext.clusters.models import LdapConfig, Profile
from jupyter_ext.errors import InvalidInput, Misconfigured

_VALUE = re.compile(r"(?:\\.|[^,+\\])*", re.DOTALL)
_ESCAPED = re.compile(rb"\\(?:([0-9A-Fa-f]{2})|(.))", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """The address of a directory."""

    host: str
    port: int
    tls_first: bool
    """TLS from the first byte (ldaps://); StartTLS otherwise."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def config(profile: Profile) -> LdapConfig:
    """Give the directory's settings.

    Raises
    ------
    Misconfigured
        If the profile has none.
    """
    if profile.config.ldap is None:
        raise Misconfigured(
            f"The profile of {profile.title} names no directory.",
            hint="Set ldap.url and ldap.base_dn in cluster.toml.",
            cluster=profile.name,
        )
    return profile.config.ldap


def place(profile: Profile) -> Place:
    """Read where the directory is.

    Raises
    ------
    Misconfigured
        If the profile does not say so.
    """
    url = config(profile).url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise Misconfigured(
            f"ldap.url of {profile.title} is no address: {url}.",
            hint="Write it like ldaps://ldap.example.com, with a port if it is not 636.",
            cluster=profile.name,
        )
    tls_first = parts.scheme == "ldaps"
    return Place(host, port or (636 if tls_first else 389), tls_first)


def short_name(profile: Profile, user: str) -> str:
    """Give the name that the directory keeps: what somebody typed, without the cluster's realm.

    Raises
    ------
    InvalidInput
        If it is no name.
    """
    name, at, realm = user.rpartition("@")
    if at and realm.casefold() == (profile.realm or "").casefold():
        user = name
    if not user or not user.isprintable() or user != user.strip():
        raise InvalidInput("This is no user name.", cluster=profile.name)
    return user


def bind_name(profile: Profile, user: str) -> str:
    """Give the name that a user binds with: a distinguished one, or Active Directory's user@REALM.

    Parameters
    ----------
    user
        As :func:`short_name` gives it.

    Raises
    ------
    Misconfigured
        If the realm is needed and not known.
    """
    ldap = config(profile)
    if not _is_active_directory(ldap):
        return f"{ldap.user_attribute}={escape_rdn(user)},{ldap.base_dn}"
    if "@" in user:
        return user
    if not profile.realm:
        raise Misconfigured(
            f"The profile of {profile.title} does not say which realm its Active Directory is of.",
            hint="Set kerberos.realm in cluster.toml to the domain's name in capitals.",
            cluster=profile.name,
        )
    return f"{user}@{profile.realm}"


def condition(profile: Profile, user: str) -> str:
    """Make the filter that finds a user; in Active Directory also by the name user@domain."""
    ldap, value = config(profile), escape_filter(user)
    by_name = f"({ldap.user_attribute}={value})"
    if _is_active_directory(ldap) and "@" in user:
        return f"(|{by_name}(userPrincipalName={value}))"
    return by_name


def account_name(profile: Profile, user: str) -> str:
    """Give the part of a name that is the account's: of Active Directory's user@domain, user."""
    return user.partition("@")[0] if _is_active_directory(config(profile)) else user


def _is_active_directory(ldap: LdapConfig) -> bool:
    return ldap.user_attribute.casefold() == "samaccountname"


def escape_rdn(value: str) -> str:
    """Escape a value for a distinguished name (RFC 4514, 2.4)."""
    escaped = "".join(f"\\{char}" if char in '"+,;<>=\\' else char for char in value)
    escaped = escaped.replace("\0", "\\00")
    if escaped[:1] in ("#", " "):
        escaped = f"\\{escaped}"
    if escaped.endswith(" ") and len(value) > 1:
        escaped = f"{escaped[:-1]}\\ "
    return escaped


def escape_filter(value: str) -> str:
    """Escape a value for a search filter (RFC 4515, 3)."""
    return "".join(f"\\{ord(char):02x}" if char in "\\*()\0" else char for char in value)


def first_value(name: str) -> str:
    """Give the value of a distinguished name's first part: engineers, of cn=engineers,dc=x."""
    value = _VALUE.match(name.partition("=")[2])
    raw = value[0].strip() if value else ""
    return _ESCAPED.sub(_unescape, raw.encode()).decode("utf-8", "replace")


def _unescape(escaped: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escaped[1].decode()) if escaped[1] else escaped[2]
