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
  DoctorReport: DoctorReport;
  EditProfile: EditProfile;
  Endpoints: Endpoints;
  ErrorReply: ErrorReply;
  Failure: Failure;
  GatewayConfig: GatewayConfig;
  Hdfs: Hdfs;
  HdfsMetrics: HdfsMetrics;
  Identity: Identity;
  IdentityList: IdentityList;
  IdentityMessage: IdentityMessage;
  KerberosConfig: KerberosConfig;
  KernelDefaults: KernelDefaults;
  KernelsConfig: KernelsConfig;
  LdapConfig: LdapConfig;
  LogTail: LogTail;
  Login: Login;
  Node: Node;
  NodeCounts: NodeCounts;
  NodeList: NodeList;
  Problem: Problem;
  Profile: Profile;
  Queue: Queue;
  Reason: Reason;
  Resources: Resources;
  Sample: Sample;
  SandboxCluster: SandboxCluster;
  SandboxStatus: SandboxStatus;
  ServerInfo: ServerInfo;
  StatusMessage: StatusMessage;
  TokenInfo: TokenInfo;
  UrlSource: UrlSource;
  WatchMessage: WatchMessage;
  Yarn: Yarn;
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
   * host:port of HiveServer2.
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
  docker: KernelDefaults;
  yarn: KernelDefaults;
}
/**
 * What a kernel gets unless the launch form says otherwise.
 *
 * This interface was referenced by `Api`'s JSON-Schema
 * via the `definition` "KernelDefaults".
 */
export interface KernelDefaults {
  /**
   * Python on the nodes, a path.
   */
  python: string | null;
  /**
   * Environment archive, an HDFS path.
   */
  archive: string | null;
  /**
   * Container image.
   */
  image: string | null;
  queue: string | null;
  memory_mb: number | null;
  vcores: number | null;
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
    [k: string]: Failure;
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
 * via the `definition` "Failure".
 */
export interface Failure {
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
