"""HDFS from a notebook or a script, without Java: each client of one cluster, several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_ext.clusters.current import current
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.credentials.directory import TICKETS
from jupyter_ext.credentials.kernel import KernelCredentials

if TYPE_CHECKING:
    from hdfs_native import Client


def hdfs(name: str | None = None) -> Client:
    """Make a client of a cluster's HDFS, as who is logged in there.

    It is given that cluster's own configuration, so clients of several clusters work side by side.
    On a cluster without Kerberos it is who ``HADOOP_USER_NAME`` says when it is first used.

    Parameters
    ----------
    name
        The cluster; the current one (``%cluster use``) when left out.

    Raises
    ------
    NotFound
        If there is no such cluster.

    Examples
    --------
    >>> hdfs("prod").read("/data/trips.csv").read()
    """
    from hdfs_native import Client

    profiles = ProfileStore.from_jupyter_paths()
    profile = profiles.get(name) if name else current(profiles)
    credentials = KernelCredentials.here()
    credentials.adopt()
    identity = credentials.identity(profile)
    has_token = any(one.service == "hdfs" and one.error is None for one in identity.tokens)
    if credentials.path is None or not identity.principal or has_token:
        return Client(profile.endpoints.default_fs, config_dir=profile.conf_dir)
    # A token needs no KDC; a ticket needs the krb5.conf of this very cluster in the environment.
    return Client(
        profile.endpoints.default_fs,
        config_dir=profile.conf_dir,
        kerberos_principal=identity.principal,
        kerberos_cache=f"FILE:{credentials.path / profile.name / TICKETS}",
    )
