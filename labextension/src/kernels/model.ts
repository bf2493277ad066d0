import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { KernelView } from '../api';
import type { IStatusModel } from '../status/tokens';
import type { IRemoteKernels } from './tokens';

/** The kernels among what the server tells, and what a person is doing to them. */
export class RemoteKernels implements IRemoteKernels {
  constructor(private readonly _status: IStatusModel) {
    _status.kernelsChanged.connect(this._onKernels, this);
  }

  get all(): ReadonlyArray<KernelView> | null {
    return this._status.kernels;
  }

  get(id: string): KernelView | null {
    return this.all?.find(view => view.kernel_id === id) ?? null;
  }

  isBusy(id: string): boolean {
    return this._busy.has(id);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Do something to a kernel; nothing else is done to it meanwhile.
   *
   * @returns Whether it was done; false while something else is being done.
   */
  async during(id: string, act: () => Promise<void>): Promise<boolean> {
    if (this._busy.has(id)) {
      return false;
    }
    this._busy.add(id);
    this._changed.emit();
    try {
      await act();
      return true;
    } finally {
      this._busy.delete(id);
      this._changed.emit();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._status.kernelsChanged.disconnect(this._onKernels, this);
    Signal.clearData(this);
  }

  private _onKernels(): void {
    this._changed.emit();
  }

  private readonly _busy = new Set<string>();
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
