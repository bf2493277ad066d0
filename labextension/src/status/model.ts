import { ServerConnection } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type {
  BoardMessage,
  Card,
  ClusterStatus,
  Identity,
  IdentityMessage,
  KernelsMessage,
  KernelView,
  ServerInfo,
  StatusMessage,
  WatchMessage
} from '../api';
import { request, ResponseError, streamUrl } from '../request';
import type { Connection, IStatusModel } from './tokens';

/** Everything the server sends over the stream. */
type ServerMessage =
  BoardMessage | StatusMessage | IdentityMessage | KernelsMessage;

/** The wire protocol that this front end speaks. */
export const PROTOCOL = 1;

/** Seconds of history that a card keeps, as on the server. */
const HISTORY_S = 3600;

/** Milliseconds before the first and the slowest attempt to reconnect. */
const FIRST_RETRY_MS = 1000;
const SLOWEST_RETRY_MS = 30_000;

/**
 * The clusters as the server pushes them over one websocket.
 *
 * While the page is hidden it asks for nothing, so that a forgotten tab keeps no poller busy.
 */
export class StatusModel implements IStatusModel {
  constructor(options: StatusModel.IOptions = {}) {
    this._settings = options.settings ?? ServerConnection.makeSettings();
    this._firstRetryMs = options.firstRetryMs ?? FIRST_RETRY_MS;
  }

  get cards(): ReadonlyArray<Card> {
    return this._cards;
  }

  get connection(): Connection {
    return this._connection;
  }

  get lostAt(): number | null {
    return this._lostAt;
  }

  get ready(): boolean {
    return this._ready;
  }

  get boardChanged(): ISignal<this, void> {
    return this._boardChanged;
  }

  get statusChanged(): ISignal<this, ClusterStatus> {
    return this._statusChanged;
  }

  get identityChanged(): ISignal<this, Identity> {
    return this._identityChanged;
  }

  get connectionChanged(): ISignal<this, Connection> {
    return this._connectionChanged;
  }

  get kernels(): ReadonlyArray<KernelView> | null {
    return this._kernels;
  }

  get kernelsChanged(): ISignal<this, void> {
    return this._kernelsChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether a hidden page keeps asking. */
  get pollWhenHidden(): boolean {
    return this._pollWhenHidden;
  }
  set pollWhenHidden(value: boolean) {
    if (value !== this._pollWhenHidden) {
      this._pollWhenHidden = value;
      this._watch();
    }
  }

  card(name: string): Card | undefined {
    return this._cards.find(card => card.profile.name === name);
  }

  /** Connect, and stay connected until disposed. */
  start(): void {
    if (this._started || this._isDisposed) {
      return;
    }
    this._started = true;
    document.addEventListener('visibilitychange', this._onVisibility);
    window.addEventListener('online', this._onOnline);
    void this._connect();
  }

  refresh(): void {
    if (this._connection === 'open') {
      this._watch(true);
    } else if (this._started) {
      void this._connect();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    document.removeEventListener('visibilitychange', this._onVisibility);
    window.removeEventListener('online', this._onOnline);
    this._drop();
    Signal.clearData(this);
  }

  /** One attempt; whatever was under way is given up. */
  private async _connect(): Promise<void> {
    this._drop();
    const attempt = this._attempt;
    try {
      const info = await request<ServerInfo>('info', {}, this._settings);
      if (attempt === this._attempt) {
        if (info.protocol === PROTOCOL) {
          this._open();
        } else {
          this._setConnection('outdated');
        }
      }
    } catch (error) {
      if (attempt !== this._attempt) {
        return;
      }
      if (error instanceof ResponseError && error.status === 404) {
        this._setConnection('missing');
      } else {
        this._lose();
      }
    }
  }

  private _open(): void {
    const socket = new this._settings.WebSocket(streamUrl(this._settings));
    this._socket = socket;
    socket.onopen = () => {
      this._watch();
    };
    socket.onmessage = event => {
      this._onMessage(JSON.parse(event.data as string) as ServerMessage);
    };
    socket.onclose = () => {
      this._lose();
    };
  }

  private _onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'board':
        return this._onBoard(message);
      case 'status':
        return this._onStatus(message);
      case 'identity':
        return this._onIdentity(message);
      case 'kernels':
        this._kernels = message.kernels;
        return this._kernelsChanged.emit();
    }
  }

  private _onBoard(message: BoardMessage): void {
    if (message.protocol !== PROTOCOL) {
      this._drop();
      this._setConnection('outdated');
      return;
    }
    this._cards = message.cards;
    this._ready = true;
    this._retryMs = 0;
    this._lostAt = null;
    this._setConnection('open');
    this._boardChanged.emit();
  }

  private _onStatus({ status, sample }: StatusMessage): void {
    const old = this.card(status.cluster);
    if (!old) {
      return;
    }
    const history = sample
      ? [...old.history, sample].filter(s => s.time > sample.time - HISTORY_S)
      : old.history;
    this._replace({ ...old, status, history });
    this._statusChanged.emit(status);
  }

  private _onIdentity({ identity }: IdentityMessage): void {
    const old = this.card(identity.cluster);
    if (old) {
      this._replace({ ...old, identity });
      this._identityChanged.emit(identity);
    }
  }

  private _replace(card: Card): void {
    this._cards = this._cards.map(old =>
      old.profile.name === card.profile.name ? card : old
    );
  }

  /** Tell the server what this page shows. */
  private _watch(refresh = false): void {
    if (this._socket?.readyState !== 1) {
      return;
    }
    const idle = document.hidden && !this._pollWhenHidden;
    const message: WatchMessage = {
      type: 'watch',
      clusters: idle ? [] : null,
      refresh: refresh && !idle
    };
    this._socket.send(JSON.stringify(message));
  }

  /** Try again later, each time after twice as long, give or take a quarter. */
  private _lose(): void {
    this._drop();
    this._retryMs = Math.min(
      SLOWEST_RETRY_MS,
      this._retryMs ? 2 * this._retryMs : this._firstRetryMs
    );
    const jitter = 0.75 + Math.random() / 2;
    this._timer = window.setTimeout(() => {
      void this._connect();
    }, this._retryMs * jitter);
    this._lostAt ??= Date.now();
    this._setConnection('lost');
  }

  private _drop(): void {
    this._attempt += 1;
    window.clearTimeout(this._timer);
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private _setConnection(connection: Connection): void {
    if (connection !== this._connection) {
      this._connection = connection;
      this._connectionChanged.emit(connection);
    }
  }

  private readonly _onVisibility = (): void => {
    if (!document.hidden && this._connection === 'lost') {
      void this._connect();
    } else {
      this._watch();
    }
  };

  private readonly _onOnline = (): void => {
    if (this._connection === 'lost') {
      void this._connect();
    }
  };

  private readonly _settings: ServerConnection.ISettings;
  private readonly _firstRetryMs: number;
  private _cards: ReadonlyArray<Card> = [];
  private _kernels: ReadonlyArray<KernelView> | null = null;
  private _connection: Connection = 'connecting';
  private _lostAt: number | null = null;
  private _ready = false;
  private _pollWhenHidden = false;
  private _started = false;
  private _isDisposed = false;
  private _socket: WebSocket | null = null;
  private _timer: number | undefined;
  private _retryMs = 0;
  /** Number of the attempt under way; an answer to an older one is ignored. */
  private _attempt = 0;
  private readonly _boardChanged = new Signal<this, void>(this);
  private readonly _statusChanged = new Signal<this, ClusterStatus>(this);
  private readonly _identityChanged = new Signal<this, Identity>(this);
  private readonly _connectionChanged = new Signal<this, Connection>(this);
  private readonly _kernelsChanged = new Signal<this, void>(this);
}

/** The namespace for the `StatusModel` class statics. */
export namespace StatusModel {
  /** What a model is made with. */
  export interface IOptions {
    settings?: ServerConnection.ISettings;
    /** Milliseconds before the first attempt to reconnect. */
    firstRetryMs?: number;
  }
}
