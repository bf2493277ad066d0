import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { KernelView } from '../api';

/** The user's remote kernels, kept up to date. */
export interface IRemoteKernels extends IDisposable {
  /** The oldest first; null until the server has told of them. */
  readonly all: ReadonlyArray<KernelView> | null;

  /** One kernel; null if there is none of this id among the remote ones. */
  get(id: string): KernelView | null;

  /** Whether something is being done to a kernel because a person asked for it. */
  isBusy(id: string): boolean;

  readonly changed: ISignal<IRemoteKernels, void>;
}

/** The token of the remote kernels. */
export const IRemoteKernels = new Token<IRemoteKernels>(
  '@jupyter-ext/labextension:IRemoteKernels',
  'The remote kernels of the user.'
);
