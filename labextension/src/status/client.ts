import type { ServerConnection } from '@jupyterlab/services';

import type { AppActivities, LogTail, NodeList } from '../api';
import { request } from '../request';

/** What can be asked about one cluster beyond what the stream tells. */
export interface IClusterClient {
  /** Every NodeManager, the lost ones included. */
  nodes(): Promise<NodeList>;

  /** Kill an application; a refusal is a `ResponseError`. */
  kill(app: string): Promise<void>;

  /** The last `size` bytes of one log file of an application's master. */
  log(app: string, file: string, size: number): Promise<LogTail>;

  /** Why the scheduler passes an application over; takes some seconds. */
  activities(app: string): Promise<AppActivities>;
}

/** Asks the server extension. */
export class ClusterClient implements IClusterClient {
  /**
   * @param cluster - Name of the profile.
   * @param settings - Which server to ask, and how.
   */
  constructor(
    cluster: string,
    private readonly _settings: ServerConnection.ISettings
  ) {
    this._base = `status/${encodeURIComponent(cluster)}`;
  }

  nodes(): Promise<NodeList> {
    return request(`${this._base}/nodes`, {}, this._settings);
  }

  async kill(app: string): Promise<void> {
    await request(this._app(app), { method: 'DELETE' }, this._settings);
  }

  log(app: string, file: string, size: number): Promise<LogTail> {
    const query = `file=${encodeURIComponent(file)}&size=${size}`;
    return request(`${this._app(app)}/log?${query}`, {}, this._settings);
  }

  activities(app: string): Promise<AppActivities> {
    return request(`${this._app(app)}/activities`, {}, this._settings);
  }

  private _app(app: string): string {
    return `${this._base}/apps/${encodeURIComponent(app)}`;
  }

  private readonly _base: string;
}
