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


def for_kernel(profile: Profile, others: Iterable[Profile]) -> dict[str, bytes]:
    """Give the site files that differ from the cluster's own, by name.

    What the cluster's files declare final stays as it is.

    Parameters
    ----------
    profile
        The cluster.
    others
        The other clusters; a broken one is left out.
    """
    own = Configuration.read(Path(profile.conf_dir))
    added = _additions(profile, own, [other for other in others if not other.broken])
    return {
        name: _render([*_present(profile, name), *added[name]]).encode()
        for name in (CORE, HDFS)
        if added[name]
    }


def _additions(
    profile: Profile, own: Configuration, others: Sequence[Profile]
) -> dict[str, list[Property]]:
    added: dict[str, list[Property]] = {CORE: [], HDFS: []}

    def add(name: str, key: str, value: str) -> None:
        if (known := own.properties.get(key)) is None or not known.final:
            added[name].append(Property(key, value, final=False, file=name))

    simple = any(other.auth == "simple" for other in others)
    if profile.auth == "kerberos" and simple and not own.get(FALLBACK):
        # Without it Java refuses clusters that take no proof. There is one answer for all clusters,
        # so only who has such a cluster gets it.
        add(CORE, FALLBACK, "true")
    read = {other.name: Configuration.read(Path(other.conf_dir)) for other in others}
    secure = [read[other.name] for other in others if other.auth == "kerberos"]
    for name, key in _PROTECTIONS:
        wanted = _union([own, *secure], key)
        if wanted != own.list(key):
            add(name, key, ",".join(wanted))
    nameservices = own.list(_NAMESERVICES)
    for other in read.values():
        for nameservice in other.list(_NAMESERVICES):
            if nameservice not in nameservices:
                nameservices.append(nameservice)
                for key, value in _about(other, nameservice).items():
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
