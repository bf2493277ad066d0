"""The HDFS token that an application comes with."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_ext.clusters.endpoints import split_address
from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.xml import Configuration
from jupyter_ext.credentials.hdts import DelegationToken
from jupyter_ext.errors import Misconfigured
from jupyter_ext.hadoop.clients import Hadoop
from jupyter_ext.hadoop.token_issuers import DAY_S, HdfsIssuer

_PRINCIPAL = "yarn.resourcemanager.principal"


async def application_token(hadoop: Hadoop) -> DelegationToken | None:
    """Get a token of the default file system for one application.

    NodeManagers fetch its files and store its logs with it. The ResourceManager renews it as long
    as the application runs, and cancels it afterwards, so no other program may use it.

    Returns
    -------
    DelegationToken or None
        Under the name by which Java looks for it; None where there is no Kerberos.

    Raises
    ------
    Misconfigured
        If the profile does not say who the ResourceManager is.
    JupyterExtError
        If the NameNode gives none.
    """
    profile = hadoop.connection.profile
    if profile.auth != "kerberos":
        return None
    nameservice = profile.endpoints.namenodes[0].nameservice if profile.endpoints.namenodes else ""
    issuer = HdfsIssuer(
        hadoop.connection,
        hadoop.namenode,
        nameservice,
        renewer=await asyncio.to_thread(_renewer, profile),
        interval_s=DAY_S,
    )
    return (await issuer.issue()).token


def _renewer(profile: Profile) -> str:
    """Give the ResourceManager's principal, in full as ``org.apache.hadoop.mapred.Master`` does.

    The NameNode knows which short name its ``auth_to_local`` makes of it.
    """
    principal = Configuration.read(Path(profile.conf_dir)).get(_PRINCIPAL)
    if not principal:
        raise Misconfigured(
            f"The profile of {profile.title} does not say who may renew an application's tokens.",
            hint=f"Its yarn-site.xml has to hold {_PRINCIPAL}.",
            cluster=profile.name,
        )
    host = split_address(profile.endpoints.resourcemanagers[0].rpc, 0)[0]
    return principal.replace("_HOST", host.lower())
