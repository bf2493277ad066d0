import { ServerConnection } from '@jupyterlab/services';
import { waitFor } from '@testing-library/dom';

import type {
  BoardMessage,
  Card,
  ClusterStatus,
  Identity,
  Sample
} from '../../api';
import { StatusModel } from '../model';
import { card, identity, sample, status } from './cards';

/** The server's end of a websocket is the test. */
class FakeSocket {
  static made: FakeSocket[] = [];

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  readyState = 0;
  sent: unknown[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.closed = true;
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  board(cards: Card[], protocol = 1): void {
    const message: BoardMessage = {
      type: 'board',
      version: '0.1.0',
      protocol,
      tick_s: 5,
      cards
    };
    this.say(message);
  }

  status(value: ClusterStatus, point: Sample | null = null): void {
    this.say({ type: 'status', status: value, sample: point });
  }

  identity(value: Identity): void {
    this.say({ type: 'identity', identity: value });
  }

  breakOff(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

let infos: string[];
let reply: () => Response;
let hidden: boolean;
let model: StatusModel;

function json(body: unknown, code = 200): Response {
  return new Response(JSON.stringify(body), { status: code });
}

async function socket(count = 1): Promise<FakeSocket> {
  await waitFor(() => expect(FakeSocket.made).toHaveLength(count));
  return FakeSocket.made[count - 1];
}

function setHidden(value: boolean): void {
  hidden = value;
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  FakeSocket.made = [];
  infos = [];
  hidden = false;
  reply = () => json({ version: '0.1.0', protocol: 1 });
  jest.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
  model = new StatusModel({
    firstRetryMs: 1,
    settings: ServerConnection.makeSettings({
      baseUrl: 'http://localhost/lab-base/',
      wsUrl: 'ws://localhost/lab-base/',
      token: '',
      fetch: async (input: RequestInfo | URL) => {
        infos.push((input as Request).url ?? String(input));
        return reply();
      },
      WebSocket: FakeSocket as unknown as typeof WebSocket
    })
  });
});

afterEach(() => {
  model.dispose();
  jest.restoreAllMocks();
});

describe('StatusModel', () => {
  it('asks who answers, then opens the stream and takes the picture', async () => {
    const boards = jest.fn();
    model.boardChanged.connect(boards);
    model.start();
    const stream = await socket();

    expect(infos[0]).toContain('/lab-base/jupyter-ext/info');
    expect(stream.url).toBe(
      'ws://localhost/lab-base/jupyter-ext/status/stream'
    );
    expect(model.ready).toBe(false);

    stream.open();
    stream.board([card('dev'), card('prod')]);

    expect(stream.sent).toEqual([
      { type: 'watch', clusters: null, refresh: false }
    ]);
    expect(model.connection).toBe('open');
    expect(model.ready).toBe(true);
    expect(model.cards.map(c => c.profile.name)).toEqual(['dev', 'prod']);
    expect(boards).toHaveBeenCalledTimes(1);
  });

  it('replaces only the card that a status is about', async () => {
    model.start();
    const stream = await socket();
    stream.open();
    stream.board([card('dev'), card('prod')]);
    const [dev, prod] = model.cards;
    const changed: ClusterStatus[] = [];
    model.statusChanged.connect((_, value) => changed.push(value));

    stream.status(status('prod', { state: 'degraded' }), sample(10));

    expect(model.card('dev')).toBe(dev);
    expect(model.card('prod')).not.toBe(prod);
    expect(model.card('prod')?.status.state).toBe('degraded');
    expect(model.card('prod')?.history).toEqual([sample(10)]);
    expect(changed.map(s => s.cluster)).toEqual(['prod']);
  });

  it('keeps an hour of history', async () => {
    model.start();
    const stream = await socket();
    stream.board([{ ...card('dev'), history: [sample(0), sample(100)] }]);

    stream.status(status('dev'), sample(3650));

    expect(model.card('dev')?.history.map(s => s.time)).toEqual([100, 3650]);
  });

  it('keeps who the user is beside the status', async () => {
    model.start();
    const stream = await socket();
    stream.board([card('dev'), card('prod')]);
    const [dev] = model.cards;
    const changed: string[] = [];
    model.identityChanged.connect((_, value) => changed.push(value.cluster));

    stream.identity(identity('prod'));
    stream.identity(identity('gone'));
    stream.status(status('prod', { state: 'degraded' }));

    expect(model.card('dev')).toBe(dev);
    expect(model.card('prod')?.identity?.principal).toBe('alice@PROD');
    expect(model.card('prod')?.status.state).toBe('degraded');
    expect(changed).toEqual(['prod']);
  });

  it('ignores a cluster it does not know', async () => {
    model.start();
    const stream = await socket();
    stream.board([card('dev')]);
    const before = model.cards;

    stream.status(status('gone'));

    expect(model.cards).toBe(before);
  });

  it('reconnects, and keeps showing what it has', async () => {
    model.start();
    const first = await socket();
    first.open();
    first.board([card('dev')]);

    first.breakOff();

    expect(model.connection).toBe('lost');
    expect(model.lostAt).not.toBeNull();
    expect(model.cards).toHaveLength(1);

    const second = await socket(2);
    second.open();
    second.board([card('dev'), card('new')]);

    expect(model.connection).toBe('open');
    expect(model.lostAt).toBeNull();
    expect(model.cards).toHaveLength(2);
  });

  it('waits longer after each failure, half a minute at most', async () => {
    const waits: number[] = [];
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    jest.spyOn(window, 'setTimeout').mockImplementation(((
      _: unknown,
      ms: number
    ) => {
      waits.push(ms);
      return 0;
    }) as unknown as typeof window.setTimeout);
    model.start();
    for (let count = 1; count <= 18; count += 1) {
      // waitFor itself needs timers, so microtasks have to do.
      while (FakeSocket.made.length < count) {
        await Promise.resolve();
      }
      FakeSocket.made[count - 1].breakOff();
      window.dispatchEvent(new Event('online'));
    }

    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(waits[17]).toBe(30_000);
  });

  it('counts a server that does not answer as lost and tries again', async () => {
    reply = () => {
      reply = () => json({ version: '0.1.0', protocol: 1 });
      throw new TypeError('Failed to fetch');
    };
    const seen: string[] = [];
    model.connectionChanged.connect((_, value) => seen.push(value));
    model.start();

    (await socket()).board([]);

    expect(seen).toEqual(['lost', 'open']);
  });

  it('watches nothing while the page is hidden', async () => {
    model.start();
    const stream = await socket();
    stream.open();
    stream.board([card('dev')]);

    setHidden(true);
    setHidden(false);

    expect(stream.sent.slice(1)).toEqual([
      { type: 'watch', clusters: [], refresh: false },
      { type: 'watch', clusters: null, refresh: false }
    ]);
  });

  it('keeps watching while hidden if it is told to', async () => {
    model.pollWhenHidden = true;
    model.start();
    const stream = await socket();
    stream.open();
    setHidden(true);

    expect(stream.sent).toEqual([
      { type: 'watch', clusters: null, refresh: false },
      { type: 'watch', clusters: null, refresh: false }
    ]);
  });

  it('asks for a fresh poll', async () => {
    model.start();
    const stream = await socket();
    stream.open();
    stream.board([card('dev')]);

    model.refresh();

    expect(stream.sent[1]).toEqual({
      type: 'watch',
      clusters: null,
      refresh: true
    });
  });

  it('knows a server without the extension', async () => {
    reply = () => json({ message: 'Not Found' }, 404);
    model.start();

    await waitFor(() => expect(model.connection).toBe('missing'));
    expect(FakeSocket.made).toHaveLength(0);

    reply = () => json({ version: '0.1.0', protocol: 1 });
    model.refresh();
    (await socket()).board([]);
    expect(model.connection).toBe('open');
  });

  it('knows a server of another version, by its answer or by its stream', async () => {
    reply = () => json({ version: '9.0.0', protocol: 2 });
    model.start();
    await waitFor(() => expect(model.connection).toBe('outdated'));
    expect(FakeSocket.made).toHaveLength(0);

    reply = () => json({ version: '0.1.0', protocol: 1 });
    model.refresh();
    const stream = await socket();
    stream.board([card('dev')], 2);
    expect(model.connection).toBe('outdated');
    expect(stream.closed).toBe(true);
  });

  it('lets everything go, once', async () => {
    model.start();
    const stream = await socket();
    stream.open();
    const boards = jest.fn();
    model.boardChanged.connect(boards);

    model.dispose();
    model.dispose();
    stream.board([card('dev')]);
    setHidden(true);

    expect(model.isDisposed).toBe(true);
    expect(stream.closed).toBe(true);
    expect(stream.sent).toHaveLength(1);
    expect(boards).not.toHaveBeenCalled();
  });
});
