import { SessionContext } from '@jupyterlab/apputils';
import type { Kernel, Session } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import type { Answer } from '../dialog';
import { Places } from '../places';
import { AskBeforeStart } from '../starts';
import { trans } from './fakes';

const OURS = 'prod-yarn-python';

/** Managers of a server that has one session with a kernel, and that are asked before they act. */
function setUp(answer: Answer) {
  const requests: [string, string, unknown][] = [];
  const settings = ServerConnection.makeSettings({
    fetch: (async (input: RequestInfo | URL) => {
      const request = input as Request;
      const path = new URL(request.url).pathname;
      const text = await request.text();
      requests.push([request.method, path, text && JSON.parse(text)]);
      return request.method === 'DELETE'
        ? new Response(null, { status: 204 })
        : new Response(JSON.stringify({ id: 'new', name: OURS }), {
            status: 201
          });
    }) as typeof window.fetch
  });
  const connection = {
    path: 'work/a.ipynb',
    kernel: { id: 'old', name: 'python3' },
    changeKernel: jest.fn(async () => null)
  };
  const change = connection.changeKernel;
  const startNew = jest.fn(async () => connection);
  const sessions = {
    startNew,
    connectTo: () => connection,
    ready: Promise.resolve(),
    refreshRunning: async () => undefined,
    running: () => [][Symbol.iterator]()
  };
  const startKernel = jest.fn(async () => undefined);
  const kernels = { startNew: startKernel };
  const widgets: object[] = [];
  const ask = jest.fn(async () => answer);
  new AskBeforeStart({
    sessions: sessions as unknown as Session.IManager,
    kernels: kernels as unknown as Kernel.IManager,
    isOurs: spec => spec === OURS,
    ask,
    places: new Places({ widgets: () => widgets } as never),
    settings,
    trans
  });
  return {
    ask,
    change,
    connection,
    kernels: kernels as unknown as Kernel.IManager,
    requests,
    sessions: sessions as unknown as Session.IManager,
    startKernel,
    startNew,
    widgets
  };
}

function options(kernel: object): Session.ISessionOptions {
  return { path: 'work/uuid', type: 'notebook', name: 'a.ipynb', kernel };
}

describe('AskBeforeStart', () => {
  it('starts a kernel under the id that its values are kept for', async () => {
    const { ask, sessions, startNew } = setUp('values');
    await sessions.startNew(options({ name: OURS }));
    const [[spec, id]] = ask.mock.calls as unknown as [[string, string]];
    expect(spec).toBe(OURS);
    expect(startNew).toHaveBeenCalledWith(
      options({ name: OURS, id }),
      undefined
    );
  });

  it.each([[{ name: 'python3' }], [{ name: OURS, id: 'running' }], [{}]])(
    'does not ask about %p',
    async kernel => {
      const { ask, sessions, startNew } = setUp('cancel');
      await sessions.startNew(options(kernel));
      expect(ask).not.toHaveBeenCalled();
      expect(startNew).toHaveBeenCalledWith(options(kernel), undefined);
    }
  );

  it('leaves a notebook whose start is cancelled without a kernel, quietly', async () => {
    const { sessions, startNew, widgets } = setUp('cancel');
    const specs = { default: OURS, kernelspecs: { [OURS]: { name: OURS } } };
    const context = new SessionContext({
      sessionManager: sessions,
      specsManager: {
        specs,
        ready: Promise.resolve(),
        specsChanged: new Signal({})
      } as never,
      kernelManager: { ready: Promise.resolve() } as never,
      path: 'work/a.ipynb',
      name: 'a.ipynb',
      type: 'notebook',
      kernelPreference: { name: OURS }
    });
    widgets.push({ sessionContext: context });

    const asksForAnother = await context.initialize();
    await new Promise(resolve => setTimeout(resolve));

    expect(asksForAnother).toBe(false);
    expect(context.hasNoKernel).toBe(true);
    expect(context.session).toBeNull();
    expect(startNew).not.toHaveBeenCalled();
    expect(document.querySelector('.jp-Dialog')).toBeNull();
    context.dispose();
  });

  it('tells who has no notebook that the start was cancelled', async () => {
    const { kernels, sessions, startKernel } = setUp('cancel');
    await expect(sessions.startNew(options({ name: OURS }))).rejects.toThrow(
      'cancelled'
    );
    await expect(kernels.startNew({ name: OURS })).rejects.toThrow('cancelled');
    expect(startKernel).not.toHaveBeenCalled();
  });

  it('changes a session to a kernel that it has started with its values', async () => {
    const { ask, change, requests, sessions } = setUp('values');
    const session = sessions.connectTo({ model: {} as never });
    await session.changeKernel({ name: OURS });
    const [[, id]] = ask.mock.calls as unknown as [[string, string]];
    expect(requests).toEqual([
      [
        'POST',
        '/api/kernels',
        { name: OURS, kernel_id: id, path: 'work/a.ipynb' }
      ]
    ]);
    expect(change).toHaveBeenCalledWith({ name: OURS, id });
  });

  it('ends the kernel that a session cannot change to', async () => {
    const { change, requests, sessions } = setUp('values');
    change.mockRejectedValue(new Error('no'));
    const session = sessions.connectTo({ model: {} as never });
    await expect(session.changeKernel({ name: OURS })).rejects.toThrow('no');
    expect(requests.map(([method]) => method)).toEqual(['POST', 'DELETE']);
  });

  it('keeps the kernel of a session whose change is cancelled', async () => {
    const { change, requests, sessions, widgets } = setUp('cancel');
    const session = sessions.connectTo({ model: {} as never });
    const context = { session, changeKernel: jest.fn() };
    widgets.push({ context: { sessionContext: context } });
    const kernel = await session.changeKernel({ name: OURS });
    expect(kernel?.id).toBe('old');
    expect(requests).toEqual([]);
    expect(change).not.toHaveBeenCalled();
    // So that it shows its own kernel's name again.
    expect(context.changeKernel).toHaveBeenCalledWith({
      id: 'old',
      name: 'python3'
    });
  });
});
