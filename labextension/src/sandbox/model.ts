import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { SandboxStatus } from '../api';
import { describeError, request } from '../request';

/** How often a start in progress is looked at, in milliseconds. */
const INTERVAL_MS = 1000;

/** The sandbox as the server sees it; asked again and again only while it starts. */
export class SandboxModel implements IDisposable {
  constructor(
    options: {
      serverSettings?: ServerConnection.ISettings;
      intervalMs?: number;
    } = {}
  ) {
    this._settings = options.serverSettings;
    this._poll = new Poll({
      auto: false,
      factory: () => this._ask('GET'),
      frequency: {
        interval: options.intervalMs ?? INTERVAL_MS,
        backoff: true,
        max: 10 * INTERVAL_MS
      },
      name: '@jupyter-ext/labextension:sandbox',
      standby: 'when-hidden'
    });
  }

  /** What the server said last; null before it said anything. */
  get status(): SandboxStatus | null {
    return this._status;
  }

  /** Why the server could not be asked; empty if it could. */
  get error(): string {
    return this._error;
  }

  /** Whether a start or a stop is going on. */
  get busy(): boolean {
    return this._asking || this._status?.state === 'starting';
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** See how it is. */
  refresh(): Promise<void> {
    return this._ask('GET').catch(() => undefined);
  }

  /** Start it; the promise is kept when the start has begun or been refused. */
  start(): Promise<void> {
    return this._act('POST');
  }

  /** Stop it; the promise is kept when it has stopped or that was refused. */
  stop(): Promise<void> {
    return this._act('DELETE');
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _act(method: 'POST' | 'DELETE'): Promise<void> {
    if (this._asking) {
      return;
    }
    this._asking = true;
    this._error = '';
    this._changed.emit();
    try {
      await this._ask(method);
    } catch {
      // It is in `error` already.
    } finally {
      this._asking = false;
      this._changed.emit();
    }
  }

  private async _ask(method: string): Promise<void> {
    try {
      const status = await request<SandboxStatus>(
        'sandbox',
        { method },
        this._settings
      );
      this._status = status;
      this._error = '';
    } catch (error) {
      this._error = describeError(error);
      throw error;
    } finally {
      if (!this._isDisposed) {
        this._follow();
        this._changed.emit();
      }
    }
  }

  /** Poll while it starts, and only then. */
  private _follow(): void {
    const wanted = this._status?.state === 'starting';
    if (wanted !== this._polling) {
      this._polling = wanted;
      void (wanted ? this._poll.start() : this._poll.stop());
    }
  }

  private readonly _settings: ServerConnection.ISettings | undefined;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private _status: SandboxStatus | null = null;
  private _error = '';
  private _asking = false;
  private _polling = false;
  private _isDisposed = false;
}
