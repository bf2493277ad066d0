"""The Hadoop configuration of kernels: a cluster's own, and what its Java needs for the others.

A Java machine has one configuration for every cluster that it talks to. Configured for a cluster
with Kerberos alone, Hadoop's client refuses one without (``org.apache.hadoop.ipc.Client``), offers
no protection but its own cluster's (``SaslPropertiesResolver``), and takes another cluster's
nameservice for the name of a host.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from jupyter_ext.clusters.models import Profile
from jupyter_ext.clusters.xml import BadXml, Configuration, Property, read_file

CORE, HDFS = "core-site.xml", "hdfs-site.xml"
FALLBACK = "ipc.client.fallback-to-simple-auth-allowed"
_NAMESERVICES = "dfs.nameservices"
_PROTECTIONS = ((CORE, "hadoop.rpc.protection"), (HDFS, "dfs.data.transfer.protection"))


class KernelConfigurations:
    """The configurations of all clusters, as each one's kernels get it.

    Parameters
    ----------
    profiles
        The clusters; a broken one counts for no other.
    """

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._read = {
            profile.name: (profile, Configuration.read(Path(profile.conf_dir)))
            for profile in profiles
        }

    def changed(self, name: str) -> dict[str, bytes]:
        """Give the site files of a cluster that differ from its own, by file name.

        What the cluster's files declare final stays as it is.
        """
        profile, own = self._read[name]
        others = [
            (other, configuration)
            for other, configuration in self._read.values()
            if other.name != name and not other.broken
        ]
        added = _additions(profile, own, others)
        return {
            file: _render([*_present(profile, file), *added[file]]).encode()
            for file in (CORE, HDFS)
            if added[file]
        }


def _additions(
    profile: Profile, own: Configuration, others: Sequence[tuple[Profile, Configuration]]
) -> dict[str, list[Property]]:
    added: dict[str, list[Property]] = {CORE: [], HDFS: []}

    def add(file: str, key: str, value: str) -> None:
        if (known := own.properties.get(key)) is None or not known.final:
            added[file].append(Property(key, value, final=False, file=file))

    simple = any(other.auth == "simple" for other, _ in others)
    if profile.auth == "kerberos" and simple and not own.get(FALLBACK):
        # Without it Java refuses clusters that take no proof. There is one answer for all clusters,
        # so only who has such a cluster gets it.
        add(CORE, FALLBACK, "true")
    secure = [configuration for other, configuration in others if other.auth == "kerberos"]
    for file, key in _PROTECTIONS:
        wanted = _union([own, *secure], key)
        if wanted != own.list(key):
            add(file, key, ",".join(wanted))
    nameservices = own.list(_NAMESERVICES)
    for _, configuration in others:
        for nameservice in configuration.list(_NAMESERVICES):
            if nameservice not in nameservices:
                nameservices.append(nameservice)
                for key, value in _about(configuration, nameservice).items():
                    add(HDFS, key, value)
    if nameservices != own.list(_NAMESERVICES):
        add(HDFS, _NAMESERVICES, ",".join(nameservices))
    return added


def _union(configurations: Sequence[Configuration], key: str) -> list[str]:
    """List the protections that any of them wants; each cluster's daemons insist on their own."""
    said = [configuration.list(key) for configuration in configurations]
    if not any(said):
        return []
    default = ["authentication"] if key == "hadoop.rpc.protection" else []
    return list(dict.fromkeys(value for values in said for value in values or default))


def _about(configuration: Configuration, nameservice: str) -> Mapping[str, str]:
    """Give the properties of a nameservice; Hadoop puts its name into their keys."""
    return {
        key: configuration.get(key)
        for key in configuration.properties
        if key.startswith("dfs.") and nameservice in key.split(".")
    }


def _present(profile: Profile, name: str) -> list[Property]:
    try:
        return read_file(Path(profile.conf_dir), name)
    except (FileNotFoundError, BadXml):
        return []


def _render(properties: Iterable[Property]) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<configuration>"]
    for item in properties:
        final = "<final>true</final>" if item.final else ""
        name, value = escape(item.key), escape(item.value or "")
        lines.append(f"  <property><name>{name}</name><value>{value}</value>{final}</property>")
    return "\n".join([*lines, "</configuration>", ""])
