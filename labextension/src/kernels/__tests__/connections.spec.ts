import type { Kernel } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import type { Connection, IStatusModel } from '../../status/tokens';
import { askUntilKnown } from '../known';
import type { Places } from '../places';
import { tellReasonsOnce } from '../reason';
import { reconnectWithServer } from '../reconnect';

const OURS = 'prod-yarn-python';
const isOurs = (spec: string) => spec === OURS;

/** A connection to a kernel, as far as it is looked at here. */
class FakeConnection {
  constructor(readonly name = OURS) {}
  readonly connectionStatusChanged = new Signal<this, string>(this);
  readonly disposed = new Signal<this, void>(this);
  readonly reconnect = jest.fn(async () => undefined);
  readonly requestIsComplete = jest.fn(async () => undefined);
  isDisposed = false;
  status = 'unknown';
  connectionStatus = 'connecting';
  get model() {
    return { id: 'k1', name: this.name, reason: 'It died.' };
  }
  become(status: string): void {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit(status);
  }
}

/** A manager that connects to one kernel, as the front end sees it. */
function managerOf(connection: FakeConnection) {
  const manager = { connectTo: () => connection };
  return manager as unknown as Kernel.IManager;
}

const MODEL = { model: { id: 'k1', name: OURS } };

describe('askUntilKnown', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function connect(name = OURS) {
    const connection = new FakeConnection(name);
    const manager = managerOf(connection);
    askUntilKnown(manager, isOurs);
    manager.connectTo(MODEL);
    connection.become('connected');
    return connection;
  }

  it('asks a connected kernel until it has said what it does', async () => {
    const kernel = connect();
    await jest.advanceTimersByTimeAsync(2000);
    expect(kernel.requestIsComplete).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(2000);
    expect(kernel.requestIsComplete).toHaveBeenCalledTimes(2);
    kernel.status = 'idle';
    await jest.advanceTimersByTimeAsync(10_000);
    expect(kernel.requestIsComplete).toHaveBeenCalledTimes(2);
  });

  it('asks a busy kernel once', async () => {
    const kernel = connect();
    kernel.requestIsComplete.mockReturnValue(new Promise(() => undefined));
    await jest.advanceTimersByTimeAsync(10_000);
    expect(kernel.requestIsComplete).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['is gone', (kernel: FakeConnection) => kernel.disposed.emit()],
    ['is cut off', (kernel: FakeConnection) => kernel.become('connecting')]
  ])('asks nothing of a kernel that %s', async (_, happen) => {
    const kernel = connect();
    happen(kernel);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(kernel.requestIsComplete).not.toHaveBeenCalled();
  });

  it('leaves all other kernels to Lab', async () => {
    const kernel = connect('python3');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(kernel.requestIsComplete).not.toHaveBeenCalled();
  });
});

describe('tellReasonsOnce', () => {
  it.each([
    [OURS, undefined],
    ['python3', 'It died.']
  ])('of %s Lab hears %p', (name, reason) => {
    const manager = managerOf(new FakeConnection(name));
    tellReasonsOnce(manager, isOurs);
    const { model } = manager.connectTo(MODEL) as unknown as FakeConnection;
    expect(model.id).toBe('k1');
    expect(model.reason).toBe(reason);
  });
});

describe('reconnectWithServer', () => {
  function setUp(...connections: FakeConnection[]) {
    const changed = new Signal<object, Connection>({});
    const all = connections.map(kernel => ({
      context: { session: { kernel } }
    }));
    reconnectWithServer(
      { connectionChanged: changed } as unknown as IStatusModel,
      { all } as unknown as Places,
      isOurs
    );
    return (connection: Connection) => changed.emit(connection);
  }

  it('reconnects what lost a remote kernel, and nothing else', () => {
    const lost = new FakeConnection();
    const connected = new FakeConnection();
    connected.connectionStatus = 'connected';
    const plain = new FakeConnection('python3');
    setUp(lost, connected, plain)('open');
    expect(lost.reconnect).toHaveBeenCalledTimes(1);
    expect(connected.reconnect).not.toHaveBeenCalled();
    expect(plain.reconnect).not.toHaveBeenCalled();
  });

  it('does nothing while the server is away, and bears a refusal', async () => {
    const lost = new FakeConnection();
    lost.reconnect.mockRejectedValue(new Error('no'));
    const tell = setUp(lost);
    tell('lost');
    expect(lost.reconnect).not.toHaveBeenCalled();
    tell('open');
    await Promise.resolve();
    expect(lost.reconnect).toHaveBeenCalledTimes(1);
  });
});
