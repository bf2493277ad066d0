import type {
  Card,
  ClusterConfig,
  ClusterStatus,
  Identity,
  Sample,
  Yarn
} from '../../api';

const NO_DEFAULTS = {
  enabled: null,
  languages: ['python' as const],
  python: null,
  memory_mb: null,
  vcores: null,
  gpus: null,
  environment: [],
  cull_idle_s: null,
  lease_s: 1800,
  presets: []
};

const CONFIG: ClusterConfig = {
  title: null,
  color: null,
  production: false,
  auth: {
    type: null,
    user: null,
    principal: null,
    keytab: null,
    ccache: null,
    program: []
  },
  kerberos: {
    realm: null,
    kdc: [],
    ticket_lifetime: '1h',
    renew_lifetime: '12h',
    timeout_s: 5
  },
  ldap: null,
  allowed_groups: [],
  kms: null,
  gateway: {
    token: null,
    resourcemanager: null,
    namenode: null,
    livy: null,
    hiveserver2: null
  },
  livy: null,
  hiveserver2: null,
  kernels: {
    local: NO_DEFAULTS,
    docker: {
      ...NO_DEFAULTS,
      image: null,
      images: [],
      host: null,
      tls_ca: null,
      tls_cert: null,
      tls_key: null,
      network: null,
      volumes: [],
      shm_mb: null,
      user: null,
      pids: 4096
    },
    yarn: {
      ...NO_DEFAULTS,
      archive: null,
      image: null,
      queue: null,
      node_label: null,
      plain_http: false,
      queues: []
    }
  },
  locked: []
};

/** A point of a history. */
export function sample(time: number, values: Partial<Sample> = {}): Sample {
  return {
    time,
    memory_mb: 2048,
    memory_total_mb: 8192,
    vcores: 2,
    vcores_total: 8,
    containers_pending: 0,
    apps_pending: 0,
    ...values
  };
}

/** YARN with a pair of ResourceManagers and a lost node. */
export function yarn(): Yarn {
  const daemon = { url: 'http://rm1:8088', id: 'rm1' };
  return {
    active: daemon.url,
    daemons: [
      { ...daemon, ha_state: 'ACTIVE' },
      { id: 'rm2', url: 'http://rm2:8088', ha_state: 'STANDBY' }
    ],
    info: {
      ha_state: 'ACTIVE',
      state: 'STARTED',
      version: '3.5.0',
      started_ms: 1
    },
    metrics: {
      total: { memory_mb: 8192, vcores: 8 },
      allocated: { memory_mb: 2048, vcores: 2 },
      reserved: { memory_mb: 0, vcores: 0 },
      pending: { memory_mb: 1024, vcores: 1 },
      containers: 2,
      containers_pending: 1,
      apps_running: 1,
      apps_pending: 1,
      nodes: {
        total: 3,
        active: 2,
        lost: 1,
        unhealthy: 0,
        decommissioning: 0,
        decommissioned: 0,
        rebooted: 0,
        shutdown: 0
      }
    }
  };
}

/** The status of a cluster. */
export function status(
  cluster: string,
  values: Partial<ClusterStatus> = {}
): ClusterStatus {
  return {
    cluster,
    state: 'up',
    reason: '',
    hint: '',
    polled_at: 1000,
    latency_ms: 3,
    next_poll_s: 5,
    yarn: null,
    hdfs: null,
    scheduler: null,
    queues: [],
    apps: [],
    apps_left_off: 0,
    failures: {},
    ...values
  };
}

/** Alice, logged in since a minute, with an hour to go. */
export function identity(
  cluster: string,
  values: Partial<Identity> = {}
): Identity {
  const realm = cluster.toUpperCase();
  return {
    cluster,
    state: 'valid',
    method: 'password',
    interactive: true,
    needed: true,
    user: 'alice',
    realm,
    principal: `alice@${realm}`,
    since: 940,
    expires_at: 4540,
    renew_until: 44140,
    reason: null,
    account: null,
    tokens: [],
    ...values
  };
}

/** A cluster. */
export function card(
  name: string,
  values: Partial<ClusterStatus> = {},
  profile: Partial<Card['profile']> = {}
): Card {
  return {
    profile: {
      name,
      title: name,
      color: 'blue',
      production: false,
      layer: 'user',
      directory: `/clusters/${name}`,
      conf_dir: `/clusters/${name}/conf`,
      auth: 'simple',
      user: 'alice',
      realm: null,
      krb5_conf: null,
      ca_file: null,
      endpoints: {
        default_fs: 'hdfs://nn:9000',
        resourcemanagers: [],
        namenodes: []
      },
      config: CONFIG,
      locked: [],
      problems: [],
      ...profile
    },
    status: status(name, values),
    history: [],
    identity: null
  };
}
