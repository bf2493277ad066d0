import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { Identity } from '../api';

/** A login began, went on or ended on one cluster. */
export interface IIdentityChange {
  cluster: string;
  /** What was known before; null if nothing was. */
  before: Identity | null;
  /** Null if the cluster is gone. */
  now: Identity | null;
}

/** Who the user is on each cluster, kept up to date. */
export interface IIdentities extends IDisposable {
  /** One for each cluster that wants a login, in the order of the cards. */
  readonly all: ReadonlyArray<Identity>;

  /** Who the user is on a cluster; null if it wants no login or is not known. */
  of(cluster: string): Identity | null;

  readonly changed: ISignal<IIdentities, IIdentityChange>;
}

/** The token of the identities. */
export const IIdentities = new Token<IIdentities>(
  '@jupyter-ext/labextension:IIdentities',
  'Who the user is on each Hadoop cluster.'
);
