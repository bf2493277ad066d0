"""The Hadoop configuration of a sandbox cluster, as its daemons and as its clients see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from jupyter_ext.sandbox.people import PEOPLE
from jupyter_ext.sandbox.processes import COOKIE

Site = Mapping[str, Mapping[str, object]]
"""File name to properties."""

REALM = "PROD.EXAMPLE.COM"
SERVICE = f"hdfs/localhost@{REALM}"
"""All four daemons share one principal: two logins in one JVM overwrite each other."""
HTTP = f"HTTP/localhost@{REALM}"

HDFS_PORTS = ("namenode-rpc", "namenode-http", "datanode-data", "datanode-ipc", "datanode-http")
RM_PORTS = ("rm-client", "rm-scheduler", "rm-tracker", "rm-admin", "rm-http")
NM_PORTS = ("nm-rpc", "nm-localizer", "nm-http", "nm-collector")
RM2_PORTS = tuple(f"{name}2" for name in RM_PORTS)
_RM_KEYS = ("address", "scheduler.address", "resource-tracker.address", "admin.address")
_RM = "yarn.resourcemanager"


@dataclass(frozen=True)
class Cluster:
    """What distinguishes one cluster of the sandbox from another."""

    name: str
    directory: Path
    ports: Mapping[str, int]
    secure: bool = False
    rm_ha: bool = False
    processes: bool = False
    """Whether each daemon has its own JVM and may be killed alone."""

    def address(self, port: str) -> str:
        """Give host:port of one of the ports."""
        return f"localhost:{self.ports[port]}"

    @property
    def secrets(self) -> Path:
        """Keytabs and the like, 0700."""
        return self.directory / "kerberos"


def client(cluster: Cluster) -> Site:
    """List what goes into the profile: no path of the daemons, no keytab."""
    core: dict[str, object] = {"fs.defaultFS": f"hdfs://{cluster.address('namenode-rpc')}"}
    hdfs: dict[str, object] = {
        "dfs.namenode.rpc-address": cluster.address("namenode-rpc"),
        "dfs.namenode.http-address": cluster.address("namenode-http"),
        "dfs.http.policy": "HTTP_ONLY",
        "dfs.replication": 1,
        "dfs.blocksize": "16m",
        "dfs.client.use.datanode.hostname": True,
    }
    yarn = _resourcemanagers(cluster)
    yarn["yarn.http.policy"] = "HTTP_ONLY"
    if cluster.secure:
        core |= {
            "hadoop.security.authentication": "kerberos",
            "hadoop.security.authorization": True,
            "hadoop.rpc.protection": "privacy",
        }
        hdfs |= {
            "dfs.namenode.kerberos.principal": SERVICE,
            "dfs.datanode.kerberos.principal": SERVICE,
            "dfs.web.authentication.kerberos.principal": HTTP,
            "dfs.data.transfer.protection": "privacy",
            "dfs.block.access.token.enable": True,
        }
        yarn |= {f"{_RM}.principal": SERVICE, "yarn.nodemanager.principal": SERVICE}
    return {"core-site.xml": core, "hdfs-site.xml": hdfs, "yarn-site.xml": yarn}


def server(cluster: Cluster) -> Site:
    """List what the daemons read: the client's configuration and everything of their own."""
    site = {name: dict(properties) for name, properties in client(cluster).items()}
    site["core-site.xml"] |= _core(cluster)
    site["hdfs-site.xml"] |= _hdfs(cluster)
    site["yarn-site.xml"] |= _yarn(cluster)
    site["capacity-scheduler.xml"] = _scheduler()
    if cluster.secure:
        site["core-site.xml"] |= _secure_core(cluster)
        site["hdfs-site.xml"] |= _secure_hdfs(cluster)
        site["yarn-site.xml"] |= _secure_yarn(cluster)
        # Without this file authorization refuses everyone; an empty one lets everyone talk.
        site["hadoop-policy.xml"] = {}
    return site


def _resourcemanagers(cluster: Cluster) -> dict[str, object]:
    def addresses(ports: tuple[str, ...], suffix: str) -> dict[str, object]:
        keys = (*_RM_KEYS, "webapp.address")
        return {
            f"{_RM}.{key}{suffix}": cluster.address(port)
            for key, port in zip(keys, ports, strict=True)
        }

    if not cluster.rm_ha:
        return addresses(RM_PORTS, "")
    return {
        f"{_RM}.ha.enabled": True,
        f"{_RM}.ha.rm-ids": "rm1,rm2",
        f"{_RM}.cluster-id": f"sandbox-{cluster.name}",
        f"{_RM}.ha.automatic-failover.enabled": False,
        **addresses(RM_PORTS, ".rm1"),
        **addresses(RM2_PORTS, ".rm2"),
    }


def _core(cluster: Cluster) -> dict[str, object]:
    members = [
        "=".join((person.name, ",".join((person.name, *person.groups)))) for person in PEOPLE
    ]
    # These have no account on this machine; without an entry Hadoop asks the shell each time.
    members += ["hdfs=hadoop", "yarn=hadoop", "root=root,hadoop", "HTTP=", "dr.who="]
    return {
        "hadoop.tmp.dir": cluster.directory / "data" / "tmp",
        "hadoop.user.group.static.mapping.overrides": ";".join(members),
        "ipc.client.connect.max.retries": 5,
    }


def _hdfs(cluster: Cluster) -> dict[str, object]:
    data = cluster.directory / "data"
    return {
        "dfs.namenode.name.dir": (data / "name").as_uri(),
        "dfs.datanode.data.dir": (data / "blocks").as_uri(),
        "dfs.datanode.address": cluster.address("datanode-data"),
        "dfs.datanode.ipc.address": cluster.address("datanode-ipc"),
        "dfs.datanode.http.address": cluster.address("datanode-http"),
        "dfs.datanode.hostname": "localhost",
        "dfs.datanode.use.datanode.hostname": True,
        "dfs.namenode.datanode.registration.ip-hostname-check": False,
        "dfs.namenode.safemode.extension": 0,
        "dfs.namenode.safemode.min.datanodes": 1,
        "dfs.namenode.resource.du.reserved": 1048576,
        "dfs.namenode.handler.count": 4,
        "dfs.datanode.handler.count": 2,
        "dfs.permissions.superusergroup": "hadoop",
        # A dead DataNode is noticed after 2 * recheck + 10 * heartbeat = 12 s.
        "dfs.heartbeat.interval": 1,
        "dfs.namenode.heartbeat.recheck-interval": 1000,
        "dfs.namenode.stale.datanode.interval": 5000,
    }


def _yarn(cluster: Cluster) -> dict[str, object]:
    data = cluster.directory / "data"
    nm = "yarn.nodemanager"
    properties: dict[str, object] = {
        f"{_RM}.scheduler.class": (
            "org.apache.hadoop.yarn.server.resourcemanager.scheduler.capacity.CapacityScheduler"
        ),
        f"{_RM}.nodemanagers.heartbeat-interval-ms": 100,
        f"{_RM}.client.thread-count": 4,
        f"{_RM}.scheduler.client.thread-count": 4,
        f"{_RM}.resource-tracker.client.thread-count": 4,
        f"{_RM}.admin.client.thread-count": 1,
        # By default in /tmp, in a folder that all sandboxes of the machine would share.
        "yarn.node-attribute.fs-store.root-dir": (data / "node-attributes").as_uri(),
        "yarn.node-labels.fs-store.root-dir": (data / "node-labels").as_uri(),
        f"{_RM}.am.max-attempts": 2,
        # By default a NodeManager that came first, or met a standby, tries again after 30 s.
        f"{_RM}.connect.retry-interval.ms": 300,
        "yarn.client.failover-sleep-base-ms": 100,
        "yarn.client.failover-sleep-max-ms": 500,
        # Checked at a third of it. A daemon that shares its JVM can't be killed alone, but may
        # well be paused for longer on a busy machine.
        "yarn.nm.liveness-monitor.expiry-interval-ms": 2000 if cluster.processes else 20000,
        "yarn.scheduler.minimum-allocation-mb": 64,
        "yarn.scheduler.maximum-allocation-mb": 2048,
        "yarn.scheduler.maximum-allocation-vcores": 4,
        f"{nm}.address": cluster.address("nm-rpc"),
        f"{nm}.localizer.address": cluster.address("nm-localizer"),
        f"{nm}.webapp.address": cluster.address("nm-http"),
        f"{nm}.collector-service.address": cluster.address("nm-collector"),
        f"{nm}.hostname": "localhost",
        f"{nm}.local-dirs": data / "nm-local",
        f"{nm}.log-dirs": data / "nm-log",
        f"{nm}.resource.memory-mb": 4096,
        f"{nm}.resource.cpu-vcores": 8,
        f"{nm}.vmem-check-enabled": False,
        f"{nm}.pmem-check-enabled": True,
        # By default the kernel's memory cgroup enforces limits, which only LinuxContainerExecutor
        # sets; then nobody does.
        f"{nm}.resource.memory.enforced": False,
        f"{nm}.disk-health-checker.max-disk-utilization-per-disk-percentage": 99.5,
        f"{nm}.env-whitelist": f"JAVA_HOME,PATH,LANG,{COOKIE}",
        # Keeps what a container left, for whoever looks into its failure.
        f"{nm}.delete.debug-delay-sec": 600,
        f"{nm}.container-monitor.interval-ms": 500,
        f"{nm}.sleep-delay-before-sigkill.ms": 250,
        f"{nm}.container-manager.thread-count": 4,
        f"{nm}.localizer.client.thread-count": 2,
        f"{nm}.collector-service.thread-count": 1,
    }
    if cluster.rm_ha:
        properties |= {
            f"{_RM}.recovery.enabled": True,
            f"{_RM}.work-preserving-recovery.enabled": True,
            f"{_RM}.store.class": (
                "org.apache.hadoop.yarn.server.resourcemanager.recovery.FileSystemRMStateStore"
            ),
            f"{_RM}.fs.state-store.uri": (data / "rm-state").as_uri(),
        }
    return properties


def _scheduler() -> dict[str, object]:
    root = "yarn.scheduler.capacity"
    properties: dict[str, object] = {
        f"{root}.maximum-applications": 1000,
        f"{root}.maximum-am-resource-percent": 0.9,
        f"{root}.resource-calculator": (
            "org.apache.hadoop.yarn.util.resource.DefaultResourceCalculator"
        ),
        f"{root}.root.queues": "default,small",
        f"{root}.root.acl_submit_applications": "*",
        f"{root}.root.acl_administer_queue": " ",
    }
    for queue, capacity, ceiling in (("default", 80, 100), ("small", 20, 20)):
        properties |= {
            f"{root}.root.{queue}.capacity": capacity,
            f"{root}.root.{queue}.maximum-capacity": ceiling,
            f"{root}.root.{queue}.user-limit-factor": 5,
            f"{root}.root.{queue}.state": "RUNNING",
            f"{root}.root.{queue}.acl_submit_applications": "*",
        }
    # So little that a second application in it has to wait.
    properties[f"{root}.root.small.maximum-am-resource-percent"] = 0.2
    return properties


def _secure_core(cluster: Cluster) -> dict[str, object]:
    web = "hadoop.http.authentication"
    return {
        "hadoop.security.auth_to_local": "RULE:[2:$1](HTTP)s/.*/HTTP/\nDEFAULT",
        "hadoop.http.filter.initializers": (
            "org.apache.hadoop.security.AuthenticationFilterInitializer"
        ),
        f"{web}.type": "kerberos",
        f"{web}.kerberos.principal": HTTP,
        f"{web}.kerberos.keytab": cluster.secrets / "services.keytab",
        f"{web}.signature.secret.file": cluster.secrets / "signature-secret",
        f"{web}.simple.anonymous.allowed": False,
    }


def _secure_hdfs(cluster: Cluster) -> dict[str, object]:
    keytab = cluster.secrets / "services.keytab"
    return {
        "dfs.namenode.keytab.file": keytab,
        "dfs.datanode.keytab.file": keytab,
        "dfs.web.authentication.kerberos.keytab": keytab,
        # The DataNode would else insist on ports below 1024 or on TLS.
        "ignore.secure.ports.for.testing": True,
    }


def _secure_yarn(cluster: Cluster) -> dict[str, object]:
    keytab = cluster.secrets / "services.keytab"
    properties: dict[str, object] = {
        f"{_RM}.webapp.delegation-token-auth-filter.enabled": True,
        "yarn.acl.enable": True,
        "yarn.admin.acl": "hdfs,yarn,root",
    }
    for daemon in (_RM, "yarn.nodemanager"):
        properties |= {
            f"{daemon}.keytab": keytab,
            f"{daemon}.webapp.spnego-principal": HTTP,
            f"{daemon}.webapp.spnego-keytab-file": keytab,
        }
    return properties


def render(properties: Mapping[str, object]) -> str:
    """Write properties as a Hadoop configuration file."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<configuration>"]
    for name, value in properties.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        lines.append(
            f"  <property><name>{escape(name)}</name><value>{escape(text)}</value></property>"
        )
    return "\n".join([*lines, "</configuration>", ""])
