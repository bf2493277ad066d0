import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ISwitchResult } from './switch';
import { askCluster, useCluster } from './switch';

/** Target of the comm by which a kernel says that its cluster changed. */
export const COMM_TARGET = 'jupyter-ext:cluster';

/**
 * What can be said about a kernel: there is none; it is not Python; it has not been asked yet; it
 * has answered; it is changing over.
 */
export type KernelState =
  'none' | 'foreign' | 'unknown' | 'known' | 'switching';

/** The cluster that the kernel of one session works on. */
export class KernelCluster implements IDisposable {
  constructor(private readonly _context: ISessionContext) {
    _context.kernelChanged.connect(this._onKernelChanged, this);
    _context.statusChanged.connect(this._onStatusChanged, this);
    void this._attach(_context.session?.kernel ?? null);
  }

  /** Name of the cluster; null if the kernel works on none, or has not said. */
  get cluster(): string | null {
    return this._cluster;
  }

  get state(): KernelState {
    return this._state;
  }

  /** Language of the kernel, empty as long as it is not known. */
  get language(): string {
    return this._language;
  }

  /** The state or the cluster changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The kernel has started and works on no cluster yet. */
  get started(): ISignal<this, void> {
    return this._started;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Switch the kernel; waits for its turn when the kernel is busy.
   *
   * @param name - Name of an existing profile.
   */
  async use(name: string): Promise<ISwitchResult> {
    const kernel = this._kernel;
    if (!kernel || this._state === 'foreign') {
      throw new Error('There is no Python kernel to switch.');
    }
    this._set('switching', this._cluster);
    try {
      const result = await useCluster(kernel, name);
      this._settle(kernel, result.ok ? name : this._cluster);
      return result;
    } catch (error) {
      this._settle(kernel, this._cluster);
      throw error;
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._detach();
    this._context.kernelChanged.disconnect(this._onKernelChanged, this);
    this._context.statusChanged.disconnect(this._onStatusChanged, this);
    Signal.clearData(this);
  }

  private _onKernelChanged(
    _: ISessionContext,
    change: { newValue: Kernel.IKernelConnection | null }
  ): void {
    void this._attach(change.newValue);
  }

  private _onStatusChanged(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      if (this._state !== 'none' && this._state !== 'foreign') {
        this._set('unknown', null);
      }
    } else if (status === 'idle') {
      void this._ask();
    }
  }

  private async _attach(
    kernel: Kernel.IKernelConnection | null
  ): Promise<void> {
    this._detach();
    this._kernel = kernel;
    this._language = '';
    this._set(kernel ? 'unknown' : 'none', null);
    if (!kernel) {
      return;
    }
    kernel.registerCommTarget(COMM_TARGET, this._onComm);
    const info = await kernel.info;
    if (this._kernel !== kernel || this._isDisposed) {
      return;
    }
    this._language = info.language_info.name;
    if (this._language.toLowerCase() !== 'python') {
      this._set('foreign', null);
    } else if (kernel.status === 'idle') {
      await this._ask();
    }
  }

  private _detach(): void {
    const kernel = this._kernel;
    this._kernel = null;
    if (kernel && !kernel.isDisposed) {
      kernel.removeCommTarget(COMM_TARGET, this._onComm);
    }
  }

  private _onComm = (_: Kernel.IComm, message: KernelMessage.ICommOpenMsg) => {
    const data = message.content.data['cluster'];
    const cluster = typeof data === 'string' && data ? data : null;
    if (cluster === null && this._state === 'unknown') {
      // A kernel that loads the magic as it starts; it is asked when it is idle.
      return;
    }
    // While a switch runs its result decides; the comm only brings the name ahead of it.
    this._set(this._state === 'switching' ? 'switching' : 'known', cluster);
  };

  /** Ask an idle kernel, once; a busy one would answer only when it is done. */
  private async _ask(): Promise<void> {
    const kernel = this._kernel;
    if (!kernel || this._asking || this._state !== 'unknown') {
      return;
    }
    if (this._language.toLowerCase() !== 'python') {
      return;
    }
    this._asking = true;
    let cluster: string | null;
    try {
      cluster = await askCluster(kernel);
    } catch {
      // Restarted or gone before it answered; whatever comes next is asked again.
      return;
    } finally {
      this._asking = false;
    }
    if (this._kernel === kernel && this._state === 'unknown') {
      this._set('known', cluster);
      if (cluster === null) {
        this._started.emit();
      }
    }
  }

  private _settle(kernel: Kernel.IKernelConnection, name: string | null): void {
    if (this._kernel === kernel && this._state === 'switching') {
      this._set('known', name);
    }
  }

  private _set(state: KernelState, cluster: string | null): void {
    if (
      !this._isDisposed &&
      (state !== this._state || cluster !== this._cluster)
    ) {
      this._state = state;
      this._cluster = cluster;
      this._changed.emit();
    }
  }

  private _kernel: Kernel.IKernelConnection | null = null;
  private _state: KernelState = 'none';
  private _cluster: string | null = null;
  private _language = '';
  private _asking = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _started = new Signal<this, void>(this);
}
