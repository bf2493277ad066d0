"""Profiles with a directory, and directories made up for one."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jupyter_ext.clusters.models import ClusterConfig, LdapConfig, Profile
from tests import profiles
from tests.fakes.certificates import Authority
from tests.fakes.ldap_server import BIND, LdapServer, Request, Script, ldap_server


def with_ldap(profile: Profile, **changes: Any) -> Profile:
    """Change the directory's settings of a profile."""
    ldap = profile.config.ldap.model_copy(update=changes)
    return profile.model_copy(update={"config": profile.config.model_copy(update={"ldap": ldap})})


def ldap_profile(authority: Authority, url: str, **changes: Any) -> Profile:
    """Make up a profile; ``ldap`` changes the directory's settings."""
    ldap = {"url": url, "base_dn": "ou=people,dc=example,dc=com"} | changes.pop("ldap", {})
    config = ClusterConfig(ldap=LdapConfig(**ldap))
    values = {"title": "Production", "ca_file": str(authority.ca_file), "config": config}
    return profiles.profile("prod", **values | changes)


@asynccontextmanager
async def served(
    script: Script, authority: Authority, context: ssl.SSLContext | None = None, **changes: Any
) -> AsyncIterator[tuple[LdapServer, Profile]]:
    """Serve a directory with TLS; gives the server and a profile of it."""
    async with ldap_server(script, context or authority.server()) as server:
        yield server, ldap_profile(authority, f"ldaps://localhost:{server.port}", **changes)


def refusing(code: int, told: str = "", **options: Any) -> Script:
    """Answer every bind like that."""

    def script(request: Request) -> bytes:
        return request.result(code, told, **options) if request.kind == BIND else b""

    return script
