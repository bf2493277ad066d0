import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { Card, ClusterStatus, Identity, KernelView } from '../api';

/** How the stream from the server is doing. */
export type Connection =
  'connecting' | 'open' | 'lost' | 'missing' | 'outdated';

/** Everything the server tells about the clusters, kept up to date. */
export interface IStatusModel extends IDisposable {
  /** One card per profile, in the server's order. */
  readonly cards: ReadonlyArray<Card>;

  /** `missing`: no server extension; `outdated`: it speaks another protocol. */
  readonly connection: Connection;

  /** Epoch milliseconds at which the stream was lost, or null. */
  readonly lostAt: number | null;

  /** The whole picture changed: first message, profiles added, edited or removed. */
  readonly boardChanged: ISignal<IStatusModel, void>;

  /** One cluster changed; every other card is the same object as before. */
  readonly statusChanged: ISignal<IStatusModel, ClusterStatus>;

  /** Who the user is on one cluster changed; every other card is the same object as before. */
  readonly identityChanged: ISignal<IStatusModel, Identity>;

  readonly connectionChanged: ISignal<IStatusModel, Connection>;

  /** The user's remote kernels, the oldest first; null until the server has told of them. */
  readonly kernels: ReadonlyArray<KernelView> | null;

  /** Any of the kernels changed. */
  readonly kernelsChanged: ISignal<IStatusModel, void>;

  /** The card of a profile, if there is such a profile. */
  card(name: string): Card | undefined;

  /** Whether the server has sent the picture at least once. */
  readonly ready: boolean;

  /** Ask the server for a fresh poll of what is shown. */
  refresh(): void;
}

/** The token of the status model. */
export const IStatusModel = new Token<IStatusModel>(
  '@jupyter-ext/labextension:IStatusModel',
  'Live status of every Hadoop cluster that has a profile.'
);
