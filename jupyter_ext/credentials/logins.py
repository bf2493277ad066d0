"""Which way to log in a profile takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_ext.clusters.models import Profile

if TYPE_CHECKING:
    from jupyter_ext.credentials.proof import Prover


def prover(profile: Profile, directory: Path) -> Prover:
    """Make what logs in to a cluster.

    Parameters
    ----------
    directory
        Private, for its tickets.
    """
    # Loaded at the first login: an HTTP and an LDAP library come with them.
    from jupyter_ext.credentials import directory_login, gateway_login, kerberos_login

    auth = profile.config.auth
    if profile.auth == "gateway":
        kind = gateway_login.GatewayProgramLogin if auth.program else gateway_login.GatewayLogin
        return kind(profile)
    if profile.auth == "simple":
        return directory_login.DirectoryLogin(profile)
    if auth.keytab:
        return kerberos_login.KeytabLogin(profile, directory)
    if auth.program:
        return kerberos_login.ProgramLogin(profile, directory)
    if auth.ccache:
        return kerberos_login.TicketFileLogin(profile, directory)
    return kerberos_login.KerberosLogin(profile, directory)
