import type { ServerConnection } from '@jupyterlab/services';

import type {
  AddProfile,
  ClusterConfig,
  Directory,
  DoctorReport,
  Profile
} from '../api';
import { request } from '../request';
import type { ISchema } from './schema';

/** What a new profile says; everything left out takes the server's default. */
export type NewProfile = Pick<AddProfile, 'name' | 'source'> & {
  config: Partial<ClusterConfig>;
};

/** Profiles on the server. Every method throws what `request` throws. */
export class ClusterService {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** Every profile, broken ones included. */
  list(): Promise<Profile[]> {
    return this._ask('clusters');
  }

  get(name: string): Promise<Profile> {
    return this._ask(address(name));
  }

  add(body: NewProfile): Promise<Profile> {
    return this._ask('clusters', { method: 'POST', body });
  }

  /** Make `config` what the profile says; what it leaves out is unset. */
  edit(name: string, config: object): Promise<Profile> {
    return this._ask(address(name), { method: 'PATCH', body: { config } });
  }

  remove(name: string): Promise<void> {
    return this._ask(address(name), { method: 'DELETE' });
  }

  /** JSON Schema of `ClusterConfig`. */
  schema(): Promise<ISchema> {
    return this._ask('clusters-schema');
  }

  /** One directory of the server; the home directory if `path` is empty. */
  directory(path: string): Promise<Directory> {
    return this._ask(`directories?path=${encodeURIComponent(path)}`);
  }

  /** Examine a cluster; takes up to ten seconds. */
  doctor(name: string, signal?: AbortSignal): Promise<DoctorReport> {
    return this._ask(`${address(name)}/doctor`, { method: 'POST', signal });
  }

  private _ask<T>(
    path: string,
    init: Parameters<typeof request>[1] = {}
  ): Promise<T> {
    return request<T>(path, init, this._settings);
  }
}

function address(name: string): string {
  return `clusters/${encodeURIComponent(name)}`;
}
