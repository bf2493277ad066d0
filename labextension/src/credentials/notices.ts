import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Identity } from '../api';
import type { IIdentities, IIdentityChange } from './tokens';
import { endOf, isLoggedIn, timeLeft } from './words';

/** Minutes before the end of a login at which its owner is told. */
const WARNINGS = [30, 5];

/** The longest wait that browsers' timers can count, in milliseconds. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Tells in time that a login is going to end, and that it has ended. */
export class EndNotices implements IDisposable {
  /**
   * @param titleOf - What people call a cluster.
   * @param login - Opens the login form of a cluster.
   */
  constructor(
    private readonly _identities: IIdentities,
    private readonly _titleOf: (cluster: string) => string,
    private readonly _login: (cluster: string) => void,
    private readonly _trans: TranslationBundle
  ) {
    _identities.changed.connect(this._onChanged, this);
    for (const identity of _identities.all) {
      this._watch(identity);
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._identities.changed.disconnect(this._onChanged, this);
    for (const timer of this._timers.values()) {
      window.clearTimeout(timer);
    }
    Signal.clearData(this);
  }

  private _onChanged(_: IIdentities, change: IIdentityChange): void {
    const { cluster, before, now } = change;
    if (before && now?.since !== before.since) {
      this._dismiss(cluster);
    }
    const ended =
      before && isLoggedIn(before) && now?.state === 'expired' ? now : null;
    if (ended?.interactive) {
      this._tell(
        cluster,
        this._trans.__('Your login to %1 has ended.', this._titleOf(cluster)),
        'error'
      );
    }
    if (now) {
      this._watch(now);
    } else {
      window.clearTimeout(this._timers.get(cluster));
    }
  }

  /** Give the warning that is due, once, and come back for the next one. */
  private _watch(identity: Identity): void {
    const { cluster, interactive, principal, since } = identity;
    window.clearTimeout(this._timers.get(cluster));
    const end = endOf(identity);
    if (!interactive || !isLoggedIn(identity) || !since || end === null) {
      return;
    }
    const left = end - Date.now() / 1000;
    // Of the warnings that are due only the last one counts.
    const due = WARNINGS.filter(minutes => left <= 60 * minutes).pop();
    const warning = `${principal} ${since} ${due}`;
    if (due && left > 0 && this._told.get(cluster) !== warning) {
      this._told.set(cluster, warning);
      this._tell(
        cluster,
        this._trans.__(
          'Your login to %1 ends in %2, and only another login puts that off.',
          this._titleOf(cluster),
          timeLeft(end, Date.now(), this._trans)
        ),
        'warning'
      );
    }
    const next = WARNINGS.find(minutes => left > 60 * minutes);
    if (next !== undefined) {
      const wait_ms = Math.min(1000 * (left - 60 * next), LONGEST_WAIT_MS);
      const timer = window.setTimeout(() => {
        const known = this._identities.of(cluster);
        if (known) {
          this._watch(known);
        }
      }, wait_ms);
      this._timers.set(cluster, timer);
    }
  }

  private _tell(
    cluster: string,
    message: string,
    type: 'warning' | 'error'
  ): void {
    this._dismiss(cluster);
    const id = Notification.emit(message, type, {
      autoClose: false,
      actions: [
        {
          label: this._trans.__('Log in again'),
          displayType: 'accent',
          callback: () => this._login(cluster)
        }
      ]
    });
    this._shown.set(cluster, id);
  }

  private _dismiss(cluster: string): void {
    const id = this._shown.get(cluster);
    if (id !== undefined) {
      Notification.dismiss(id);
      this._shown.delete(cluster);
    }
  }

  /** Timer of each cluster's next warning. */
  private readonly _timers = new Map<string, number>();
  /** The notification of each cluster. */
  private readonly _shown = new Map<string, string>();
  /** The warning that was given last about each cluster. */
  private readonly _told = new Map<string, string>();
  private _isDisposed = false;
}
