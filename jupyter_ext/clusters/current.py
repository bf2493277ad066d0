"""The current cluster of a kernel: which one it is, and what the programs it starts are told.

The environment of the process *is* the state, because it is what a Spark driver, a Java client or
a shell that starts next will read. So nothing can disagree with it, and a program that was started
by such a kernel knows the current cluster too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.profiles import ProfileStore
from jupyter_ext.errors import Misconfigured, NotFound

CLUSTER = "JUPYTER_EXT_CLUSTER"
"""Environment variable with the current cluster's name."""

VARIABLES = (
    CLUSTER,
    "HADOOP_CONF_DIR",
    "YARN_CONF_DIR",
    "HADOOP_USER_NAME",
    "HADOOP_TOKEN_FILE_LOCATION",
    "KRB5_CONFIG",
    "KRB5CCNAME",
    "KRB5PRINCIPAL",
    "JAVA_TOOL_OPTIONS",
    "SPARK_USER",
    "PYSPARK_SUBMIT_ARGS",
)
"""Every variable that a switch may touch."""


def current(profiles: ProfileStore | None = None) -> Profile:
    """Give the cluster this process works on, as ``%cluster use`` chose it.

    Parameters
    ----------
    profiles
        Where to look its profile up; the Jupyter config path when left out.

    Raises
    ------
    NotFound
        If no cluster was chosen, or its profile is gone.
    """
    name = os.environ.get(CLUSTER)
    if not name:
        raise NotFound("No cluster is chosen in this kernel.", hint="Choose one: %cluster use NAME")
    return (profiles or ProfileStore.from_jupyter_paths()).get(name)


def variables(profile: Profile) -> dict[str, str | None]:
    """Say what a program has to find in its environment to work on this cluster.

    Returns
    -------
    dict
        By variable: its value, or None where it must not be set. A variable that is left out does
        not matter to this cluster.
    """
    wanted: dict[str, str | None] = {
        CLUSTER: profile.name,
        "HADOOP_CONF_DIR": profile.conf_dir,
        "YARN_CONF_DIR": profile.conf_dir,
    }
    if profile.auth != "simple":
        # Hadoop's client would act as that user wherever it is believed, whoever holds the ticket.
        wanted["HADOOP_USER_NAME"] = None
    elif profile.user:
        wanted["HADOOP_USER_NAME"] = profile.user
    if profile.krb5_conf:
        wanted["KRB5_CONFIG"] = profile.krb5_conf
    return wanted


class ClusterEnvironment:
    """Sets the variables of one cluster after another, and gives back what it found.

    Parameters
    ----------
    environ
        The environment to change.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._found: dict[str, str | None] = {}
        self._left: dict[str, str | None] = {}

    def use(self, profile: Profile, credentials: Mapping[str, str | None] | None = None) -> None:
        """Make a cluster the current one.

        Parameters
        ----------
        credentials
            What else a program has to find to be who is logged in there, as
            :meth:`jupyter_ext.credentials.kernel.KernelCredentials.variables` says.

        Raises
        ------
        Misconfigured
            If its profile is broken; nothing has changed then.
        """
        if profile.broken:
            raise Misconfigured(
                f"{profile.name} cannot be used: "
                + "; ".join(f"{problem.where}: {problem.message}" for problem in profile.errors),
                hint=f"Mend the profile in {profile.directory}.",
                cluster=profile.name,
            )
        wanted = variables(profile) | dict(credentials or {})
        for name in VARIABLES:
            present = self._environ.get(name)
            if name not in self._left or self._left[name] != present:
                # Not what the last switch left here, so the user's own.
                self._found[name] = present
            self._set(name, wanted.get(name, self._found[name]))
            self._left[name] = self._environ.get(name)

    def reset(self) -> None:
        """Give every variable back, except those changed by others in the meantime."""
        for name, left in self._left.items():
            if self._environ.get(name) == left:
                self._set(name, self._found[name])
        self._found.clear()
        self._left.clear()

    def _set(self, name: str, value: str | None) -> None:
        if value is None:
            self._environ.pop(name, None)
        else:
            self._environ[name] = value
