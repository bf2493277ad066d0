import type { ServerConnection } from '@jupyterlab/services';

import type { ChangePassword, Identity, Login } from '../api';
import { request } from '../request';

/** Logins on the server. Every method throws what `request` throws. */
export class CredentialService {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** Log in with a password; the server gives up when `signal` is aborted. */
  login(cluster: string, body: Login, signal?: AbortSignal): Promise<Identity> {
    return this._post(cluster, 'login', body, signal);
  }

  /** Change a password, then log in with the new one. */
  changePassword(
    cluster: string,
    body: ChangePassword,
    signal?: AbortSignal
  ): Promise<Identity> {
    return this._post(cluster, 'password', body, signal);
  }

  /** Put the end of a login off; logs in where that takes no password. */
  renew(cluster: string): Promise<Identity> {
    return this._post(cluster, 'renew');
  }

  logout(cluster: string): Promise<void> {
    return request(address(cluster), { method: 'DELETE' }, this._settings);
  }

  /** Log out of every cluster. */
  logoutAll(): Promise<void> {
    return request('credentials', { method: 'DELETE' }, this._settings);
  }

  private _post(
    cluster: string,
    verb: string,
    body?: unknown,
    signal?: AbortSignal
  ): Promise<Identity> {
    return request(
      `${address(cluster)}/${verb}`,
      { method: 'POST', body, signal },
      this._settings
    );
  }
}

function address(cluster: string): string {
  return `credentials/${encodeURIComponent(cluster)}`;
}
