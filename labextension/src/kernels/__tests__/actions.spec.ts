import { Notification, showDialog } from '@jupyterlab/apputils';

import { ResponseError } from '../../request';
import { KernelActions } from '../actions';
import { RemoteKernels } from '../model';
import { FakeStatus, trans, view } from './fakes';

jest.mock('@jupyterlab/apputils', () => ({
  ...jest.requireActual('@jupyterlab/apputils'),
  showDialog: jest.fn()
}));

const refusal = (status: number) =>
  new ResponseError(status, {
    code: 'x',
    message: 'There is no kernel.',
    hint: '',
    cluster: null,
    error_id: ''
  });

function setUp(open: boolean, agreed = true) {
  jest.mocked(showDialog).mockReset();
  jest
    .mocked(showDialog)
    .mockResolvedValue({ button: { accept: agreed } } as never);
  const context = {
    restartKernel: jest.fn(async () => undefined),
    shutdown: jest.fn(async () => undefined),
    session: { kernel: { reconnect: jest.fn(async () => undefined) } }
  };
  const service = {
    restart: jest.fn(async () => undefined),
    stop: jest.fn(async () => undefined),
    terminal: jest.fn(async () => ({ name: '7' }))
  };
  const commands = { execute: jest.fn(async () => undefined) };
  const actions = new KernelActions({
    kernels: new RemoteKernels(new FakeStatus().model),
    service: service as never,
    places: { using: () => (open ? [{ context }] : []) } as never,
    commands: commands as never,
    trans
  });
  return { actions, commands, context, service };
}

describe('KernelActions', () => {
  afterEach(() => Notification.dismiss());

  it('restarts where it is through the notebook that is open', async () => {
    const { actions, context, service } = setUp(true);
    await actions.restart(view());
    expect(context.restartKernel).toHaveBeenCalled();
    expect(service.restart).not.toHaveBeenCalled();
  });

  it('restarts where it is without a notebook, too', async () => {
    const { actions, service } = setUp(false);
    await actions.restart(view());
    expect(service.restart).toHaveBeenCalledWith('k1', {
      hard: false,
      values: {}
    });
  });

  it.each(['restart', 'restartHard', 'stop'] as const)(
    'does not %s without consent',
    async name => {
      const { actions, context, service } = setUp(true, false);
      await actions[name](view());
      expect(context.restartKernel).not.toHaveBeenCalled();
      expect(context.shutdown).not.toHaveBeenCalled();
      expect(service.restart).not.toHaveBeenCalled();
      expect(service.stop).not.toHaveBeenCalled();
    }
  );

  it('starts with more memory in a new container, and reconnects', async () => {
    const { actions, context, service } = setUp(true);
    await actions.again(view(), { memory_mb: 4096 });
    expect(service.restart).toHaveBeenCalledWith('k1', {
      hard: true,
      values: { memory_mb: 4096 }
    });
    expect(context.session.kernel.reconnect).toHaveBeenCalled();
  });

  it('gives up a start without a question', async () => {
    const { actions, service } = setUp(false);
    await actions.stop(view({ state: 'starting' }));
    expect(showDialog).not.toHaveBeenCalled();
    expect(service.stop).toHaveBeenCalledWith('k1');
  });

  it('is content when a kernel has ended with its session', async () => {
    const { actions, context, service } = setUp(true);
    service.stop.mockRejectedValue(refusal(404));
    await actions.stop(view());
    expect(context.shutdown).toHaveBeenCalled();
    expect(Notification.manager.notifications).toEqual([]);
  });

  it('tells which kernel could not be stopped, and why', async () => {
    const { actions, service } = setUp(false);
    service.stop.mockRejectedValue(refusal(503));
    await actions.stop(view());
    const [told] = Notification.manager.notifications;
    expect(told.message).toBe('a.ipynb: There is no kernel.');
  });

  it('opens the terminal that the server made', async () => {
    const { actions, commands } = setUp(false);
    await actions.terminal(view());
    expect(commands.execute).toHaveBeenCalledWith('terminal:open', {
      name: '7'
    });
  });
});
