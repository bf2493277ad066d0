/* Generated from the pydantic models by `make types`; do not edit. */

/**
 * Every value that crosses the wire, by name.
 */
export interface Api {
  Account: Account;
  AddProfile: AddProfile;
  AppActivities: AppActivities;
  AppStatus: AppStatus;
  ArchiveSource: ArchiveSource;
  AuthConfig: AuthConfig;
  BoardMessage: BoardMessage;
  Card: Card;
  ChangePassword: ChangePassword;
  Check: Check;
  ClusterConfig: ClusterConfig;
  ClusterInfo: ClusterInfo;
  ClusterMetrics: ClusterMetrics;
  ClusterStatus: ClusterStatus;
  Daemon: Daemon;
  DaemonState: DaemonState;
  DaemonStatus: DaemonStatus;
  Directory: Directory;
  DirectorySource: DirectorySource;
  DockerDefaults: DockerDefaults;
  DockerValues: DockerValues;
  DoctorReport: DoctorReport;
  EditProfile: EditProfile;
  Endpoints: Endpoints;
  ErrorReply: ErrorReply;
  Failure: Failure;
  GatewayConfig: GatewayConfig;
  Gpu: Gpu;
  Hdfs: Hdfs;
  HdfsMetrics: HdfsMetrics;
  Identity: Identity;
  IdentityList: IdentityList;
  IdentityMessage: IdentityMessage;
  KerberosConfig: KerberosConfig;
  KernelDefaults: KernelDefaults;
  KernelList: KernelList;
  KernelPreset: KernelPreset;
  KernelView: KernelView;
  KernelsConfig: KernelsConfig;
  KernelsMessage: KernelsMessage;
  LaunchForm: LaunchForm;
  LaunchRequest: LaunchRequest;
  LdapConfig: LdapConfig;
  Limit: Limit;
  LogTail: LogTail;
  LogText: LogText;
  Login: Login;
  Node: Node;
  NodeCounts: NodeCounts;
  NodeList: NodeList;
  Phase: Phase;
  Preset: Preset;
  Problem: Problem;
  Profile: Profile;
  Queue: Queue;
  QueueGroups: QueueGroups;
  Reason: Reason;
  Resources: Resources;
  RestartRequest: RestartRequest;
  Sample: Sample;
  SandboxCluster: SandboxCluster;
  SandboxStatus: SandboxStatus;
  SectionFailure: SectionFailure;
  ServerInfo: ServerInfo;
  Stats: Stats;
  StatusMessage: StatusMessage;
  TerminalName: TerminalName;
  TokenInfo: TokenInfo;
  UrlSource: UrlSource;
  WatchMessage: WatchMessage;
  Yarn: Yarn;
  YarnDefaults: YarnDefaults;
  YarnValues: YarnValues;
}
/**
 * What the directory knows about you.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Account".
 */
export interface Account {
  display_name: string;
  mail: string;
  groups: string[];
  error: Reason | null;
}
/**
 * Why something of an identity does not work, in words for its owner.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Reason".
 */
export interface Reason {
  code: string;
  message: string;
  hint: string;
}
/**
 * Request to add a profile.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "AddProfile".
 */
export interface AddProfile {
  name: string;
  source: DirectorySource | UrlSource | ArchiveSource;
  config: ClusterConfig;
}
/**
 * A configuration directory on the server.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "DirectorySource".
 */
export interface DirectorySource {
  kind: 'directory';
  path: string;
}
/**
 * An archive on a web server.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "UrlSource".
 */
export interface UrlSource {
  kind: 'url';
  url: string;
}
/**
 * A tar or zip archive, sent along.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ArchiveSource".
 */
export interface ArchiveSource {
  kind: 'archive';
  filename: string;
  data: string;
}
/**
 * cluster.toml: only what Hadoop's own files don't say.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ClusterConfig".
 */
export interface ClusterConfig {
  /**
   * Shown instead of the name.
   */
  title: string | null;
  /**
   * Colour of the card and the badge.
   */
  color: ('blue' | 'green' | 'orange' | 'red' | 'cyan' | 'grey') | null;
  /**
   * Ask twice before anything is killed.
   */
  production: boolean;
  auth: AuthConfig;
  kerberos: KerberosConfig;
  ldap: LdapConfig | null;
  /**
   * Only members of one of these see the cluster's status and apps.
   */
  allowed_groups: string[];
  /**
   * Base URL of the KMS; read from the XML when left out.
   */
  kms: string | null;
  gateway: GatewayConfig;
  /**
   * Base URL of Livy.
   */
  livy: string | null;
  /**
   * HiveServer2 in HTTP mode: host:port, or its URL if that is not http://host:port/cliservice.
   */
  hiveserver2: string | null;
  kernels: KernelsConfig;
  /**
   * Dotted keys that layers above this one may not change; conf locks the XML.
   */
  locked: string[];
}
/**
 * How daemons learn who you are.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "AuthConfig".
 */
export interface AuthConfig {
  /**
   * simple, kerberos or gateway; read from core-site.xml when left out.
   */
  type: ('simple' | 'kerberos' | 'gateway') | null;
  /**
   * User name on a simple-auth cluster; your login name when left out.
   */
  user: string | null;
  /**
   * Kerberos principal that the login form proposes, and the keytab's.
   */
  principal: string | null;
  /**
   * Keytab to log in with; counts in the environment's and system's layer only.
   */
  keytab: string | null;
  /**
   * Ticket file made by others, for example PAM; %{uid} is your user id.
   */
  ccache: string | null;
  /**
   * External credential program and its arguments, which speaks JSON on stdio.
   */
  program: string[];
}
/**
 * The realm that issues tickets for this cluster.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KerberosConfig".
 */
export interface KerberosConfig {
  /**
   * Realm, for example EXAMPLE.COM.
   */
  realm: string | null;
  /**
   * host[:port] of each KDC.
   */
  kdc: string[];
  /**
   * How long a ticket lasts unless it is renewed, for example 1h.
   */
  ticket_lifetime: string | null;
  /**
   * How long a ticket can be renewed, for example 12h.
   */
  renew_lifetime: string | null;
  /**
   * Seconds that a login may take.
   */
  timeout_s: number;
}
/**
 * The directory that knows names and groups.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "LdapConfig".
 */
export interface LdapConfig {
  /**
   * ldap:// (with StartTLS) or ldaps://.
   */
  url: string;
  /**
   * Where users are searched, for example ou=people,dc=example.
   */
  base_dn: string;
  /**
   * Attribute that holds the user name: uid, or sAMAccountName.
   */
  user_attribute: string;
  /**
   * Where groups are searched; where users are when left out.
   */
  group_dn: string | null;
}
/**
 * Base URLs of a gateway such as Apache Knox, one per service.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "GatewayConfig".
 */
export interface GatewayConfig {
  /**
   * Where a password is exchanged for a bearer token (Knox: KNOXTOKEN).
   */
  token: string | null;
  resourcemanager: string | null;
  namenode: string | null;
  livy: string | null;
  hiveserver2: string | null;
}
/**
 * Kernel defaults per backend.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KernelsConfig".
 */
export interface KernelsConfig {
  local: KernelDefaults;
  docker: DockerDefaults;
  yarn: YarnDefaults;
}
/**
 * What a kernel gets unless the launch form says otherwise.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KernelDefaults".
 */
export interface KernelDefaults {
  /**
   * Whether such kernels are offered; if left out, where a Python, an archive or an image is named.
   */
  enabled: boolean | null;
  /**
   * Kernels that are offered: python, r, bash.
   */
  languages: ('python' | 'r' | 'bash')[];
  /**
   * Python on the nodes, a path.
   */
  python: string | null;
  memory_mb: number | null;
  vcores: number | null;
  gpus: number | null;
  /**
   * Variables that kernels get: NAME=value, or NAME to take the server's value.
   */
  environment: string[];
  /**
   * Seconds without use after which a kernel is ended.
   */
  cull_idle_s: number | null;
  /**
   * Seconds that a kernel goes on without a Jupyter server.
   */
  lease_s: number;
  /**
   * Choices of the launch form, each with a title.
   */
  presets: KernelPreset[];
}
/**
 * Values of a launch form, under a name that a person chooses by.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KernelPreset".
 */
export interface KernelPreset {
  /**
   * For example: Large.
   */
  title: string;
  memory_mb: number | null;
  vcores: number | null;
  gpus: number | null;
  queue: string | null;
  node_label: string | null;
  image: string | null;
}
/**
 * What a kernel in a Docker container gets, and the daemon that runs it.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "DockerDefaults".
 */
export interface DockerDefaults {
  /**
   * Whether such kernels are offered; if left out, where a Python, an archive or an image is named.
   */
  enabled: boolean | null;
  /**
   * Kernels that are offered: python, r, bash.
   */
  languages: ('python' | 'r' | 'bash')[];
  /**
   * Python on the nodes, a path.
   */
  python: string | null;
  memory_mb: number | null;
  vcores: number | null;
  gpus: number | null;
  /**
   * Variables that kernels get: NAME=value, or NAME to take the server's value.
   */
  environment: string[];
  /**
   * Seconds without use after which a kernel is ended.
   */
  cull_idle_s: number | null;
  /**
   * Seconds that a kernel goes on without a Jupyter server.
   */
  lease_s: number;
  /**
   * Choices of the launch form, each with a title.
   */
  presets: KernelPreset[];
  /**
   * Container image.
   */
  image: string | null;
  /**
   * Other images that may be chosen.
   */
  images: string[];
  /**
   * Docker daemon: unix:///path or tcp://host:port; DOCKER_HOST when left out.
   */
  host: string | null;
  /**
   * PEM file that the daemon is checked with.
   */
  tls_ca: string | null;
  /**
   * PEM file that shows who we are.
   */
  tls_cert: string | null;
  /**
   * Key of that PEM file.
   */
  tls_key: string | null;
  /**
   * Docker network of the containers.
   */
  network: string | null;
  /**
   * What is mounted: source:target, or source:target:ro.
   */
  volumes: string[];
  /**
   * Size of /dev/shm in MB.
   */
  shm_mb: number | null;
  /**
   * uid[:gid] in the container; your own when left out.
   */
  user: string | null;
  /**
   * Processes and threads at most.
   */
  pids: number;
}
/**
 * What a kernel in a YARN container gets.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "YarnDefaults".
 */
export interface YarnDefaults {
  /**
   * Whether such kernels are offered; if left out, where a Python, an archive or an image is named.
   */
  enabled: boolean | null;
  /**
   * Kernels that are offered: python, r, bash.
   */
  languages: ('python' | 'r' | 'bash')[];
  /**
   * Python on the nodes, a path.
   */
  python: string | null;
  memory_mb: number | null;
  vcores: number | null;
  gpus: number | null;
  /**
   * Variables that kernels get: NAME=value, or NAME to take the server's value.
   */
  environment: string[];
  /**
   * Seconds without use after which a kernel is ended.
   */
  cull_idle_s: number | null;
  /**
   * Seconds that a kernel goes on without a Jupyter server.
   */
  lease_s: number;
  /**
   * Choices of the launch form, each with a title.
   */
  presets: KernelPreset[];
  /**
   * Environment archive, an HDFS path.
   */
  archive: string | null;
  /**
   * Container image.
   */
  image: string | null;
  queue: string | null;
  /**
   * Queues that members of some groups are offered; all others everybody is.
   */
  queues: QueueGroups[];
  /**
   * Label of the nodes to run on.
   */
  node_label: string | null;
  /**
   * Send a kernel's secret to a ResourceManager that speaks http only, although the cluster has Kerberos.
   */
  plain_http: boolean;
}
/**
 * A queue that a launch form offers to some only.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "QueueGroups".
 */
export interface QueueGroups {
  queue: string;
  /**
   * Groups of the directory whose members are offered it.
   */
  groups: string[];
}
/**
 * Why the scheduler passes an application over, asked on demand.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "AppActivities".
 */
export interface AppActivities {
  app: string;
  waiting: string;
  details: string[];
}
/**
 * An application of mine, with the reason why it waits.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "AppStatus".
 */
export interface AppStatus {
  id: string;
  name: string;
  user: string;
  queue: string;
  type: string;
  state: string;
  final_status: string;
  progress: number;
  started_ms: number;
  finished_ms: number;
  memory_mb: number;
  vcores: number;
  containers: number;
  tracking_url: string;
  diagnostics: string;
  tags: string[];
  am_host: string;
  waiting: string;
}
/**
 * First message on a stream, and again whenever profiles change: the whole picture.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "BoardMessage".
 */
export interface BoardMessage {
  type: 'board';
  version: string;
  protocol: number;
  tick_s: number;
  cards: Card[];
}
/**
 * A cluster with everything known about it.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Card".
 */
export interface Card {
  profile: Profile;
  status: ClusterStatus;
  history: Sample[];
  identity: Identity | null;
}
/**
 * A cluster as everyone else sees it. A broken one has errors among its problems.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Profile".
 */
export interface Profile {
  name: string;
  title: string;
  color: 'blue' | 'green' | 'orange' | 'red' | 'cyan' | 'grey';
  production: boolean;
  layer: 'user' | 'environment' | 'system';
  directory: string;
  conf_dir: string;
  auth: 'simple' | 'kerberos' | 'gateway';
  user: string | null;
  realm: string | null;
  krb5_conf: string | null;
  ca_file: string | null;
  endpoints: Endpoints;
  config: ClusterConfig;
  locked: string[];
  problems: Problem[];
}
/**
 * What the Hadoop XML says about where things are.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Endpoints".
 */
export interface Endpoints {
  default_fs: string;
  resourcemanagers: Daemon[];
  namenodes: Daemon[];
}
/**
 * One daemon's address.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Daemon".
 */
export interface Daemon {
  id: string;
  nameservice: string;
  url: string;
  rpc: string;
}
/**
 * One thing wrong with a profile: where, and what was expected.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Problem".
 */
export interface Problem {
  severity: 'error' | 'warning';
  file: string;
  key: string | null;
  message: string;
}
/**
 * Everything a card and a detail view show of one cluster.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ClusterStatus".
 */
export interface ClusterStatus {
  cluster: string;
  state: 'connecting' | 'up' | 'degraded' | 'down' | 'unreachable' | 'login_needed' | 'misconfigured';
  reason: string;
  hint: string;
  polled_at: number | null;
  latency_ms: number | null;
  next_poll_s: number | null;
  yarn: Yarn | null;
  hdfs: Hdfs | null;
  scheduler: ('capacity' | 'fair' | 'fifo') | null;
  queues: Queue[];
  apps: AppStatus[];
  apps_left_off: number;
  failures: {
    [k: string]: SectionFailure;
  };
}
/**
 * YARN as the active ResourceManager reports it.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Yarn".
 */
export interface Yarn {
  active: string;
  daemons: DaemonState[];
  info: ClusterInfo;
  metrics: ClusterMetrics;
}
/**
 * One daemon of a high-availability pair, as last seen.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "DaemonState".
 */
export interface DaemonState {
  id: string;
  url: string;
  ha_state: 'ACTIVE' | 'STANDBY' | 'INITIALIZING' | 'STOPPED' | 'OBSERVER' | 'UNKNOWN';
}
/**
 * One ResourceManager about itself (/ws/v1/cluster/info).
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ClusterInfo".
 */
export interface ClusterInfo {
  ha_state: 'ACTIVE' | 'STANDBY' | 'INITIALIZING' | 'STOPPED' | 'OBSERVER' | 'UNKNOWN';
  state: string;
  version: string;
  started_ms: number;
}
/**
 * The backbone of the status card (/ws/v1/cluster/metrics).
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ClusterMetrics".
 */
export interface ClusterMetrics {
  total: Resources;
  allocated: Resources;
  reserved: Resources;
  pending: Resources;
  containers: number;
  containers_pending: number;
  apps_running: number;
  apps_pending: number;
  nodes: NodeCounts;
}
/**
 * An amount of what YARN hands out.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Resources".
 */
export interface Resources {
  memory_mb: number;
  vcores: number;
}
/**
 * NodeManagers by state.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "NodeCounts".
 */
export interface NodeCounts {
  total: number;
  active: number;
  lost: number;
  unhealthy: number;
  decommissioning: number;
  decommissioned: number;
  rebooted: number;
  shutdown: number;
}
/**
 * HDFS as the active NameNode reports it.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Hdfs".
 */
export interface Hdfs {
  active: string;
  daemons: DaemonState[];
  metrics: HdfsMetrics;
}
/**
 * HDFS as the active NameNode counts it (JMX FSNamesystem).
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "HdfsMetrics".
 */
export interface HdfsMetrics {
  capacity_bytes: number;
  used_bytes: number;
  remaining_bytes: number;
  files: number;
  blocks: number;
  missing_blocks: number;
  corrupt_blocks: number;
  under_replicated_blocks: number;
  live_datanodes: number;
  dead_datanodes: number;
  safe_mode: string;
}
/**
 * One queue, normalised over Capacity, Fair and FIFO.
 *
 * Shares are fractions of the whole cluster (0..1) of the dominant resource; None when the
 * scheduler does not know the notion.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Queue".
 */
export interface Queue {
  path: string;
  parent: string;
  leaf: boolean;
  state: string;
  guarantee: number | null;
  ceiling: number | null;
  used: number;
  my_share: number | null;
  user_limit: number | null;
  resources_used: Resources;
  resources_pending: Resources;
  apps_running: number;
  apps_pending: number;
  am_limit: Resources | null;
  am_used: Resources | null;
  max_apps: number | null;
}
/**
 * Why one section of a cluster's data is missing or old.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "SectionFailure".
 */
export interface SectionFailure {
  code: string;
  message: string;
  hint: string;
}
/**
 * One point of a cluster's history.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Sample".
 */
export interface Sample {
  time: number;
  memory_mb: number;
  memory_total_mb: number;
  vcores: number;
  vcores_total: number;
  containers_pending: number;
  apps_pending: number;
}
/**
 * Who you are on one cluster.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Identity".
 */
export interface Identity {
  cluster: string;
  state: 'none' | 'valid' | 'renewing' | 'expiring' | 'expired' | 'error';
  method: ('password' | 'keytab' | 'ccache' | 'program') | null;
  interactive: boolean;
  needed: boolean;
  user: string;
  realm: string;
  principal: string;
  since: number | null;
  expires_at: number | null;
  renew_until: number | null;
  reason: Reason | null;
  account: Account | null;
  tokens: TokenInfo[];
}
/**
 * A delegation token, without its bytes.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "TokenInfo".
 */
export interface TokenInfo {
  service: 'hdfs' | 'resourcemanager' | 'kms' | 'hiveserver2';
  address: string;
  kind: string;
  renewer: string;
  expires_at: number | null;
  max_date: number | null;
  error: Reason | null;
}
/**
 * Request to change a password, also one that has expired.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ChangePassword".
 */
export interface ChangePassword {
  user: string;
  password: string;
  new_password: string;
}
/**
 * One thing the doctor looked at.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Check".
 */
export interface Check {
  name:
    | 'profile'
    | 'dns'
    | 'tcp'
    | 'tls'
    | 'auth'
    | 'clock'
    | 'realm'
    | 'login'
    | 'ticket'
    | 'spnego'
    | 'bind'
    | 'token'
    | 'resourcemanager'
    | 'namenode';
  target: string;
  verdict: 'ok' | 'warning' | 'failed' | 'skipped';
  seconds: number;
  message: string;
  remedy: string;
}
/**
 * One process of the sandbox.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "DaemonStatus".
 */
export interface DaemonStatus {
  name: string;
  pid: number;
  alive: boolean;
  memory_mb: number;
  log: string;
}
/**
 * One directory of the server, for choosing a configuration directory.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Directory".
 */
export interface Directory {
  path: string;
  parent: string | null;
  directories: string[];
  is_conf_dir: boolean;
}
/**
 * Of a kernel in a Docker container.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "DockerValues".
 */
export interface DockerValues {
  /**
   * A kernel that needs more is ended.
   */
  memory_mb: number;
  /**
   * How many cores it may keep busy.
   */
  vcores: number;
  gpus: number;
  /**
   * Name of a container image.
   */
  image: string;
  /**
   * Size of /dev/shm.
   */
  shm_mb: number;
  /**
   * What is mounted.
   */
  volumes: string[];
  /**
   * Docker's own if left empty.
   */
  network: string;
}
/**
 * All checks of one cluster.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "DoctorReport".
 */
export interface DoctorReport {
  cluster: string;
  seconds: number;
  checks: Check[];
}
/**
 * Request to change a profile's cluster.toml in the user's layer.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "EditProfile".
 */
export interface EditProfile {
  config: ClusterConfig;
}
/**
 * Body of every failed REST call.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ErrorReply".
 */
export interface ErrorReply {
  code: string;
  message: string;
  hint: string;
  cluster: string | null;
  error_id: string;
}
/**
 * Why a kernel did not start, or ended.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Failure".
 */
export interface Failure {
  cause: string;
  hint: string;
  diagnostics: string;
  memory_mb: number | null;
}
/**
 * One GPU as a kernel sees it.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Gpu".
 */
export interface Gpu {
  name: string;
  percent: number;
  memory_mb: number;
  memory_total_mb: number;
}
/**
 * Every identity of one Jupyter user.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "IdentityList".
 */
export interface IdentityList {
  identities: Identity[];
}
/**
 * Who the viewer is on one cluster has changed.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "IdentityMessage".
 */
export interface IdentityMessage {
  type: 'identity';
  identity: Identity;
}
/**
 * All kernels of the viewer, the oldest first.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KernelList".
 */
export interface KernelList {
  kernels: KernelView[];
}
/**
 * One kernel, for the panel and the command line.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KernelView".
 */
export interface KernelView {
  kernel_id: string;
  spec: string;
  title: string;
  cluster: string | null;
  backend: 'local' | 'docker' | 'yarn';
  state: 'starting' | 'running' | 'restarting' | 'unreachable' | 'failed' | 'orphan';
  phases: Phase[];
  host: string;
  container: string;
  url: string;
  started_at: number;
  ready_at: number | null;
  stats: Stats | null;
  notebook: string | null;
  failure: Failure | null;
  restarts: number;
  owner: string;
  values: {
    [k: string]: unknown;
  };
  adoptable: boolean;
  note: string;
  cull_at: number | null;
}
/**
 * Where a start is.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Phase".
 */
export interface Phase {
  name: 'preparing' | 'uploading' | 'pulling' | 'submitted' | 'queued' | 'allocated' | 'starting' | 'ready';
  since: number;
  detail: string;
}
/**
 * What the kernel's processes use at the moment.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Stats".
 */
export interface Stats {
  cpu_percent: number;
  memory_mb: number;
  memory_limit_mb: number | null;
  gpus: Gpu[];
}
/**
 * On the stream: all kernels of the viewer, sent at first and whenever one changes.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KernelsMessage".
 */
export interface KernelsMessage {
  type: 'kernels';
  kernels: KernelView[];
}
/**
 * Everything that a form shows before a kernel starts.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "LaunchForm".
 */
export interface LaunchForm {
  spec: string;
  title: string;
  backend: 'local' | 'docker' | 'yarn';
  cluster: string | null;
  schema: {
    [k: string]: unknown;
  };
  ui: {
    [k: string]: unknown;
  };
  values: {
    [k: string]: unknown;
  };
  presets: Preset[];
  limits: Limit[];
  limits_error: string;
  ask: boolean;
}
/**
 * Values with a name, from the profile.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Preset".
 */
export interface Preset {
  title: string;
  values: {
    [k: string]: unknown;
  };
}
/**
 * What may be asked for at the moment.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Limit".
 */
export interface Limit {
  field: string;
  maximum: number | null;
  free: number | null;
  choices: string[];
  note: string;
}
/**
 * Values of a launch form, for a kernel that is about to start under a chosen id.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "LaunchRequest".
 */
export interface LaunchRequest {
  spec: string;
  values: {
    [k: string]: unknown;
  };
  remember: boolean;
  ask: boolean;
}
/**
 * The end of one log file of a container.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "LogTail".
 */
export interface LogTail {
  app: string;
  container: string;
  file: string;
  files: string[];
  text: string;
  truncated: boolean;
}
/**
 * The end of a kernel's log.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "LogText".
 */
export interface LogText {
  text: string;
  complete: boolean;
}
/**
 * Request to log in with a password.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Login".
 */
export interface Login {
  user: string;
  password: string;
}
/**
 * A NodeManager, as the ResourceManager sees it.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "Node".
 */
export interface Node {
  id: string;
  host: string;
  rack: string;
  state: string;
  url: string;
  version: string;
  used: Resources;
  available: Resources;
  containers: number;
  health_report: string;
  last_update_ms: number;
  labels: string[];
}
/**
 * NodeManagers of a cluster, fetched on demand.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "NodeList".
 */
export interface NodeList {
  nodes: Node[];
}
/**
 * How to restart a kernel.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "RestartRequest".
 */
export interface RestartRequest {
  hard: boolean;
  values: {
    [k: string]: unknown;
  };
}
/**
 * One cluster of the sandbox.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "SandboxCluster".
 */
export interface SandboxCluster {
  name: string;
  hadoop: string;
  state: 'stopped' | 'starting' | 'running' | 'failed';
  ready_s: number | null;
  resourcemanager: string;
  namenode: string;
}
/**
 * The whole sandbox.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "SandboxStatus".
 */
export interface SandboxStatus {
  state: 'stopped' | 'starting' | 'running' | 'failed';
  directory: string;
  clusters: SandboxCluster[];
  daemons: DaemonStatus[];
  memory_mb: number;
  message: string;
  missing: string[];
}
/**
 * Who answers: the front end compares this with itself before it shows anything.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "ServerInfo".
 */
export interface ServerInfo {
  version: string;
  protocol: number;
}
/**
 * One cluster changed.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "StatusMessage".
 */
export interface StatusMessage {
  type: 'status';
  status: ClusterStatus;
  sample: Sample | null;
}
/**
 * A terminal in a kernel's container, as Jupyter's terminal manager knows it.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "TerminalName".
 */
export interface TerminalName {
  name: string;
}
/**
 * From a tab: which clusters it shows. An empty list (a hidden tab) stops their polling.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "WatchMessage".
 */
export interface WatchMessage {
  type: 'watch';
  clusters: string[] | null;
  refresh: boolean;
}
/**
 * Of a kernel in a YARN container.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "YarnValues".
 */
export interface YarnValues {
  /**
   * A kernel that needs more is ended.
   */
  memory_mb: number;
  /**
   * How many cores it may keep busy.
   */
  vcores: number;
  gpus: number;
  /**
   * The cluster's default if empty.
   */
  queue: string;
  /**
   * Run only on nodes with this label.
   */
  node_label: string;
  /**
   * Path on the nodes, or within the archive.
   */
  python: string;
  /**
   * HDFS path of a packed environment.
   */
  archive: string;
  /**
   * Container image, where the nodes run Docker.
   */
  image: string;
}
