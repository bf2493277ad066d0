"""What a profile says about logging in."""

from __future__ import annotations

from urllib.parse import urlsplit

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials.models import Identity


def automatic(profile: Profile) -> bool:
    """Whether a cluster is logged in to without a person."""
    auth = profile.config.auth
    if profile.auth == "gateway":
        return bool(auth.program)
    return profile.auth == "kerberos" and bool(auth.keytab or auth.ccache or auth.program)


def wanted(profile: Profile) -> bool:
    """Whether a cluster wants a login at all."""
    return profile.auth != "simple" or profile.config.ldap is not None


def nobody(profile: Profile) -> Identity:
    """Make the identity of somebody who is not logged in."""
    return Identity(
        cluster=profile.name,
        needed=wanted(profile),
        interactive=not automatic(profile),
        user=proposed_user(profile),
        realm=asked_by(profile),
    )


def proposed_user(profile: Profile) -> str:
    """Give the user name that a login form starts with."""
    auth = profile.config.auth
    return (auth.principal or auth.user or "").partition("@")[0]


def asked_by(profile: Profile) -> str:
    """Say who asks for the password: the realm, the gateway, or the directory."""
    if profile.auth == "kerberos":
        return profile.realm or ""
    gateway, ldap = profile.config.gateway, profile.config.ldap
    urls = [gateway.token, gateway.resourcemanager, gateway.namenode, ldap.url if ldap else None]
    return next((urlsplit(url).hostname or "" for url in urls if url), "")


def proved_alike(one: Profile, other: Profile) -> bool:
    """Whether a login to one profile is one to the other: what proves it has not changed."""
    return _proved_by(one) == _proved_by(other)


def _proved_by(profile: Profile) -> tuple[object, ...]:
    config = profile.config
    return (
        profile.auth,
        profile.realm,
        profile.krb5_conf,
        profile.ca_file,
        config.auth,
        config.kerberos,
        config.ldap,
        config.gateway,
    )
