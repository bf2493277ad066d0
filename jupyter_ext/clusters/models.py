"""What a cluster is: the cluster.toml of a profile, and what its Hadoop XML says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jupyter_ext.models import Model

AuthType = Literal["simple", "kerberos", "gateway"]
Color = Literal["blue", "green", "orange", "red", "cyan", "grey"]
Layer = Literal["user", "environment", "system"]
Language = Literal["python", "r", "bash"]
PROFILE_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
ProfileName = Annotated[str, Field(pattern=PROFILE_NAME)]
DURATION = r"^([0-9]+[dhms])+$"
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
PLACE_OR_URL = r"^([^\s:/]+:[0-9]+|https?://[^\s/]+\S*)$"


class AuthConfig(Model):
    """How daemons learn who you are."""

    type: AuthType | None = Field(
        default=None,
        description="simple, kerberos or gateway; read from core-site.xml when left out.",
    )
    user: str | None = Field(
        default=None,
        pattern=r"^[^\s/@]+$",
        description="User name on a simple-auth cluster; your login name when left out.",
    )
    principal: str | None = Field(
        default=None,
        pattern=r"^[^\s@]+(@[^\s@]+)?$",
        description="Kerberos principal that the login form proposes, and the keytab's.",
    )
    keytab: str | None = Field(
        default=None,
        description="Keytab to log in with; counts in the environment's and system's layer only.",
    )
    ccache: str | None = Field(
        default=None,
        description="Ticket file made by others, for example PAM; %{uid} is your user id.",
    )
    program: list[str] = Field(
        default=[],
        description="External credential program and its arguments, which speaks JSON on stdio.",
    )


class KerberosConfig(Model):
    """The realm that issues tickets for this cluster."""

    realm: str | None = Field(default=None, description="Realm, for example EXAMPLE.COM.")
    kdc: list[str] = Field(default=[], description="host[:port] of each KDC.")
    ticket_lifetime: str | None = Field(
        default=None,
        pattern=DURATION,
        description="How long a ticket lasts unless it is renewed, for example 1h.",
    )
    renew_lifetime: str | None = Field(
        default=None,
        pattern=DURATION,
        description="How long a ticket can be renewed, for example 12h.",
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds that a login may take.")


class LdapConfig(Model):
    """The directory that knows names and groups."""

    url: str = Field(pattern=r"^ldaps?://", description="ldap:// (with StartTLS) or ldaps://.")
    base_dn: str = Field(description="Where users are searched, for example ou=people,dc=example.")
    user_attribute: str = Field(
        default="uid",
        pattern=r"^[A-Za-z][A-Za-z0-9-]*$",
        description="Attribute that holds the user name: uid, or sAMAccountName.",
    )
    group_dn: str | None = Field(
        default=None, description="Where groups are searched; where users are when left out."
    )


class GatewayConfig(Model):
    """Base URLs of a gateway such as Apache Knox, one per service."""

    token: HttpUrl | None = Field(
        default=None,
        description="Where a password is exchanged for a bearer token (Knox: KNOXTOKEN).",
    )
    resourcemanager: HttpUrl | None = None
    namenode: HttpUrl | None = None
    livy: HttpUrl | None = None
    hiveserver2: HttpUrl | None = None


class KernelPreset(Model):
    """Values of a launch form, under a name that a person chooses by."""

    title: str = Field(max_length=40, description="For example: Large.")
    memory_mb: int | None = Field(default=None, gt=0)
    vcores: int | None = Field(default=None, gt=0)
    gpus: int | None = Field(default=None, ge=0)
    queue: str | None = None
    node_label: str | None = None
    image: str | None = None


class KernelDefaults(Model):
    """What a kernel gets unless the launch form says otherwise."""

    enabled: bool | None = Field(
        default=None,
        description="Whether such kernels are offered; if left out, where a Python, an archive or "
        "an image is named.",
    )
    languages: list[Language] = Field(
        default=["python"], description="Kernels that are offered: python, r, bash."
    )
    python: str | None = Field(default=None, description="Python on the nodes, a path.")
    memory_mb: int | None = Field(default=None, gt=0)
    vcores: int | None = Field(default=None, gt=0)
    gpus: int | None = Field(default=None, ge=0)
    environment: list[str] = Field(
        default=[],
        description="Variables that kernels get: NAME=value, or NAME to take the server's value.",
    )
    cull_idle_s: int | None = Field(
        default=None, gt=0, description="Seconds without use after which a kernel is ended."
    )
    lease_s: int = Field(
        default=1800,
        ge=30,
        description="Seconds that a kernel goes on without a Jupyter server.",
    )
    presets: list[KernelPreset] = Field(
        default=[], description="Choices of the launch form, each with a title."
    )

    @property
    def offered(self) -> bool:
        """Whether there are kernelspecs for it."""
        named = self.python or getattr(self, "archive", None) or getattr(self, "image", None)
        return bool(named) if self.enabled is None else self.enabled


class DockerDefaults(KernelDefaults):
    """What a kernel in a Docker container gets, and the daemon that runs it."""

    image: str | None = Field(default=None, description="Container image.")
    images: list[str] = Field(default=[], description="Other images that may be chosen.")
    host: str | None = Field(
        default=None,
        pattern=r"^(unix|tcp)://",
        description="Docker daemon: unix:///path or tcp://host:port; DOCKER_HOST when left out.",
    )
    tls_ca: str | None = Field(
        default=None, description="PEM file that the daemon is checked with."
    )
    tls_cert: str | None = Field(default=None, description="PEM file that shows who we are.")
    tls_key: str | None = Field(default=None, description="Key of that PEM file.")
    network: str | None = Field(default=None, description="Docker network of the containers.")
    volumes: list[str] = Field(
        default=[], description="What is mounted: source:target, or source:target:ro."
    )
    shm_mb: int | None = Field(default=None, gt=0, description="Size of /dev/shm in MB.")
    user: str | None = Field(
        default=None, description="uid[:gid] in the container; your own when left out."
    )
    pids: int = Field(default=4096, gt=0, description="Processes and threads at most.")


class QueueGroups(Model):
    """A queue that a launch form offers to some only."""

    queue: str
    groups: list[str] = Field(description="Groups of the directory whose members are offered it.")


class YarnDefaults(KernelDefaults):
    """What a kernel in a YARN container gets."""

    archive: str | None = Field(default=None, description="Environment archive, an HDFS path.")
    image: str | None = Field(default=None, description="Container image.")
    queue: str | None = None
    queues: list[QueueGroups] = Field(
        default=[],
        description="Queues that members of some groups are offered; all others everybody is.",
    )
    node_label: str | None = Field(default=None, description="Label of the nodes to run on.")
    plain_http: bool = Field(
        default=False,
        description="Send a kernel's secret to a ResourceManager that speaks http only, although "
        "the cluster has Kerberos.",
    )


class KernelsConfig(Model):
    """Kernel defaults per backend."""

    local: KernelDefaults = KernelDefaults()
    docker: DockerDefaults = DockerDefaults()
    yarn: YarnDefaults = YarnDefaults()


class ClusterConfig(Model):
    """cluster.toml: only what Hadoop's own files don't say."""

    title: str | None = Field(default=None, max_length=80, description="Shown instead of the name.")
    color: Color | None = Field(default=None, description="Colour of the card and the badge.")
    production: bool = Field(default=False, description="Ask twice before anything is killed.")
    auth: AuthConfig = AuthConfig()
    kerberos: KerberosConfig = KerberosConfig()
    ldap: LdapConfig | None = None
    allowed_groups: list[str] = Field(
        default=[], description="Only members of one of these see the cluster's status and apps."
    )
    kms: HttpUrl | None = Field(
        default=None, description="Base URL of the KMS; read from the XML when left out."
    )
    gateway: GatewayConfig = GatewayConfig()
    livy: HttpUrl | None = Field(default=None, description="Base URL of Livy.")
    hiveserver2: str | None = Field(
        default=None,
        pattern=PLACE_OR_URL,
        description="HiveServer2 in HTTP mode: host:port, or its URL if that is not "
        "http://host:port/cliservice.",
    )
    kernels: KernelsConfig = KernelsConfig()
    locked: list[str] = Field(
        default=[],
        description="Dotted keys that layers above this one may not change; conf locks the XML.",
    )


class Daemon(Model):
    """One daemon's address."""

    id: str = ""
    """rm-id or namenode-id of a high-availability pair; empty when there is only one."""
    nameservice: str = ""
    """HDFS nameservice; empty for a ResourceManager or a NameNode without one."""
    url: str
    """Base URL of its web server, without a trailing slash."""
    rpc: str = ""
    """host:port of its RPC port, where known."""


class Endpoints(Model):
    """What the Hadoop XML says about where things are."""

    default_fs: str = ""
    resourcemanagers: list[Daemon] = []
    namenodes: list[Daemon] = []


class Problem(Model):
    """One thing wrong with a profile: where, and what was expected."""

    severity: Literal["error", "warning"]
    file: str
    """File name relative to the profile's directory."""
    key: str | None = None
    message: str

    @property
    def where(self) -> str:
        """The file, and the key if it concerns one."""
        return f"{self.file}, {self.key}" if self.key else self.file


class Profile(Model):
    """A cluster as everyone else sees it. A broken one has errors among its problems."""

    name: str
    title: str
    color: Color
    production: bool = False
    layer: Layer
    """The topmost layer that has this profile."""
    directory: str
    """Directory of that layer."""
    conf_dir: str
    """Directory of the Hadoop XML in use (HADOOP_CONF_DIR)."""
    auth: AuthType
    user: str | None = None
    """Who you are on a simple-auth cluster."""
    realm: str | None = None
    krb5_conf: str | None = None
    ca_file: str | None = None
    """Path of the CA bundle that TLS peers are checked with; the system's when None."""
    endpoints: Endpoints = Endpoints()
    config: ClusterConfig = ClusterConfig()
    locked: list[str] = []
    """Dotted keys that this user may not change."""
    problems: list[Problem] = []

    @property
    def cluster_api(self) -> str:
        """Path of the ResourceManager's REST API below its URL.

        A gateway's own path stands for ``/ws`` (Apache Knox user guide, YARN).
        """
        return "/v1/cluster" if self.auth == "gateway" else "/ws/v1/cluster"

    @property
    def errors(self) -> list[Problem]:
        """The problems for which it cannot be used."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def broken(self) -> bool:
        """Whether this profile cannot be used at all."""
        return bool(self.errors)


class DirectorySource(Model):
    """A configuration directory on the server."""

    kind: Literal["directory"] = "directory"
    path: str


class UrlSource(Model):
    """An archive on a web server."""

    kind: Literal["url"] = "url"
    url: HttpUrl


class ArchiveSource(Model):
    """A tar or zip archive, sent along."""

    kind: Literal["archive"] = "archive"
    filename: str
    data: str
    """Base64."""


class AddProfile(Model):
    """Request to add a profile."""

    name: str
    """As ProfileName; checked by the store, which says in words what a name may hold."""
    source: Annotated[DirectorySource | UrlSource | ArchiveSource, Field(discriminator="kind")]
    config: ClusterConfig = ClusterConfig()


class EditProfile(Model):
    """Request to change a profile's cluster.toml in the user's layer."""

    config: ClusterConfig


class Directory(Model):
    """One directory of the server, for choosing a configuration directory."""

    path: str
    parent: str | None
    directories: list[str]
    """Names of its sub-directories."""
    is_conf_dir: bool
    """Whether it holds at least one Hadoop *-site.xml."""
