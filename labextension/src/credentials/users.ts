import type { IStateDB } from '@jupyterlab/statedb';

const KEY = 'jupyter-ext:users';

/** The user name last used on each cluster; never a password. */
export class RememberedUsers {
  /**
   * @param state - Where they are kept; forgotten on reload if null.
   */
  constructor(private readonly _state: IStateDB | null = null) {}

  /** The name last used on a cluster; empty if there is none. */
  async of(cluster: string): Promise<string> {
    return (await this._names())[cluster] ?? '';
  }

  async remember(cluster: string, user: string): Promise<void> {
    this._kept = { ...(await this._names()), [cluster]: user };
    await this._state?.save(KEY, this._kept);
  }

  private async _names(): Promise<Record<string, string>> {
    if (!this._kept) {
      const saved = await this._state?.fetch(KEY);
      this._kept = Object.fromEntries(
        Object.entries(saved ?? {}).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string'
        )
      );
    }
    return this._kept;
  }

  private _kept: Record<string, string> | null = null;
}
