"""Proves to a directory by a ticket who asks, and lets it prove who answers (RFC 4752).

ldap3 has a way of its own, which asks the process's Kerberos configuration what realm a host is of,
and fails with directories that offer authentication alone.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_ext.clusters.models import Profile
from jupyter_ext.credentials import channel_binding, failures
from jupyter_ext.errors import Misconfigured, Unavailable, Untrusted

if TYPE_CHECKING:
    from gssapi import SecurityContext

_IN_PROGRESS = 14
"""RFC 4511's saslBindInProgress."""
_NO_LAYER = 1
"""RFC 4752, 3.1: nothing but authentication; TLS protects what follows."""

Send = Callable[[bytes], Mapping[str, Any]]
"""Sends a token in a bind; gives the answer's ``result`` and ``saslCreds``, among others."""


def negotiate(
    profile: Profile, service: str, tickets: Path, protected: ssl.SSLSocket, send: Send
) -> Mapping[str, Any]:
    """Exchange tokens until both sides are sure, or one is not.

    Parameters
    ----------
    service
        ldap/host@REALM, of which the file ``tickets`` holds a ticket.
    protected
        The connection; the ticket is bound to its certificate.

    Returns
    -------
    The last answer. If it is success, the directory has proved that it is the service.

    Raises
    ------
    Untrusted
        If the directory does not prove it.
    Misconfigured
        If it wants more than authentication.
    SessionEnded, Unavailable
        If the ticket cannot be used here.
    """
    try:
        from gssapi.raw import GSSError
    except ImportError:
        raise Unavailable(
            "This Jupyter server cannot use Kerberos tickets: the package gssapi is missing.",
            hint="pip install 'jupyter-ext[kerberos]', then restart the server.",
            cluster=profile.name,
        ) from None
    try:
        context = _context(service, tickets, protected)
        token = context.step()
    except GSSError as error:
        raise failures.SessionEnded(
            f"Your ticket for {service} cannot be used: {' '.join(str(error).split())}.",
            hint="Log in again.",
            cluster=profile.name,
        ) from None
    try:
        result = _exchange(profile, context, token or b"", send)
    except GSSError:
        raise _unproven(profile, service) from None
    if result["result"] == 0 and not context.complete:
        raise _unproven(profile, service)
    return result


def _exchange(
    profile: Profile, context: SecurityContext, token: bytes, send: Send
) -> Mapping[str, Any]:
    while (result := send(token))["result"] == _IN_PROGRESS:
        answered = result.get("saslCreds") or b""
        if not context.complete:
            token = context.step(answered) or b""
            continue
        # At the end it lists the layers it would put around everything.
        offered = context.unwrap(answered).message
        if not offered or not offered[0] & _NO_LAYER:
            raise Misconfigured(
                f"The directory of {profile.title} demands a SASL layer within TLS.",
                hint="Its administrator can lift that (OpenLDAP: minssf in sasl-secprops).",
                cluster=profile.name,
            )
        chosen = context.wrap(bytes([_NO_LAYER, 0, 0, 0]), False)
        return send(chosen.message)
    return result


def _context(service: str, tickets: Path, protected: ssl.SSLSocket) -> SecurityContext:
    import gssapi
    from gssapi.raw import ChannelBindings

    certificate = protected.getpeercert(binary_form=True) or b""
    return gssapi.SecurityContext(
        name=gssapi.Name(service, gssapi.NameType.kerberos_principal),
        creds=gssapi.Credentials(usage="initiate", store={"ccache": f"FILE:{tickets}"}),
        usage="initiate",
        mech=gssapi.MechType.kerberos,
        flags=gssapi.RequirementFlag.mutual_authentication
        | gssapi.RequirementFlag.out_of_sequence_detection
        | gssapi.RequirementFlag.integrity,
        channel_bindings=ChannelBindings(
            application_data=channel_binding.server_end_point(certificate)
        ),
    )


def _unproven(profile: Profile, service: str) -> Untrusted:
    return Untrusted(
        f"The directory of {profile.title} does not prove that it is the service {service}.",
        hint="Something between here and there answers in its place.",
        cluster=profile.name,
    )
