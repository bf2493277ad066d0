import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Identity } from '../api';
import type { IStatusModel } from '../status/tokens';
import type { IIdentities, IIdentityChange } from './tokens';

/** The identities among what the server tells of the clusters. */
export class Identities implements IIdentities {
  constructor(private readonly _status: IStatusModel) {
    _status.boardChanged.connect(this._onBoard, this);
    _status.identityChanged.connect(this._onIdentity, this);
    this._onBoard();
  }

  get all(): ReadonlyArray<Identity> {
    return [...this._known.values()];
  }

  of(cluster: string): Identity | null {
    return this._known.get(cluster) ?? null;
  }

  get changed(): ISignal<this, IIdentityChange> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._status.boardChanged.disconnect(this._onBoard, this);
    this._status.identityChanged.disconnect(this._onIdentity, this);
    Signal.clearData(this);
  }

  /** The whole picture: a tab that was cut off learns here what it missed. */
  private _onBoard(): void {
    const before = this._known;
    this._known = new Map(
      this._status.cards.flatMap(({ identity }) =>
        identity?.needed ? [[identity.cluster, identity]] : []
      )
    );
    for (const cluster of new Set([...before.keys(), ...this._known.keys()])) {
      this._tell(cluster, before.get(cluster) ?? null);
    }
  }

  private _onIdentity(_: IStatusModel, identity: Identity): void {
    const before = this.of(identity.cluster);
    if (identity.needed) {
      this._known.set(identity.cluster, identity);
    } else {
      this._known.delete(identity.cluster);
    }
    this._tell(identity.cluster, before);
  }

  private _tell(cluster: string, before: Identity | null): void {
    const now = this.of(cluster);
    if (before || now) {
      this._changed.emit({ cluster, before, now });
    }
  }

  private _known = new Map<string, Identity>();
  private _isDisposed = false;
  private readonly _changed = new Signal<this, IIdentityChange>(this);
}
