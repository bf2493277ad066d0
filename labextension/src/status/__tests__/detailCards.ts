import type { AppStatus, Node, Queue } from '../../api';
import type { IClusterClient } from '../client';

export const APP_ID = 'application_1700000000000_0007';

/** A running application. */
export function app(values: Partial<AppStatus> = {}): AppStatus {
  return {
    id: APP_ID,
    name: 'nightly',
    user: 'alice',
    queue: 'root.batch',
    type: 'SPARK',
    state: 'RUNNING',
    final_status: 'UNDEFINED',
    progress: 0.4,
    started_ms: 1_700_000_000_000,
    finished_ms: 0,
    memory_mb: 2048,
    vcores: 3,
    containers: 3,
    tracking_url: 'http://rm1:8088/proxy/x/',
    diagnostics: '',
    tags: [],
    am_host: 'n1',
    waiting: '',
    ...values
  };
}

/** A queue below the root. */
export function queue(path: string, values: Partial<Queue> = {}): Queue {
  return {
    path,
    parent: path.slice(0, Math.max(0, path.lastIndexOf('.'))),
    leaf: true,
    state: 'RUNNING',
    guarantee: null,
    ceiling: null,
    used: 0,
    my_share: null,
    user_limit: null,
    resources_used: { memory_mb: 0, vcores: 0 },
    resources_pending: { memory_mb: 0, vcores: 0 },
    apps_running: 0,
    apps_pending: 0,
    am_limit: null,
    am_used: null,
    max_apps: null,
    ...values
  };
}

/** A healthy NodeManager. */
export function node(host: string, values: Partial<Node> = {}): Node {
  return {
    id: `${host}:45454`,
    host,
    rack: '/default-rack',
    state: 'RUNNING',
    url: `http://${host}:8042`,
    version: '3.5.0',
    used: { memory_mb: 1024, vcores: 1 },
    available: { memory_mb: 3072, vcores: 3 },
    containers: 1,
    health_report: '',
    last_update_ms: 1_700_000_000_000,
    labels: [],
    ...values
  };
}

/** A client of which every call that a test does not expect fails. */
export function client(calls: Partial<IClusterClient> = {}): IClusterClient {
  const unexpected = () => Promise.reject(new Error('not expected'));
  return {
    nodes: unexpected,
    kill: unexpected,
    log: unexpected,
    activities: unexpected,
    ...calls
  };
}
