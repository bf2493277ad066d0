import { Notification } from '@jupyterlab/apputils';

import type { SandboxCluster } from '../../api';
import { start, stop } from '../plugin';
import { server, status, trans } from './fakes';

/** Type, message and labels of the actions of the only notification. */
function shown(): [string, string, string[]] {
  const [{ type, message, options }, ...others] =
    Notification.manager.notifications;
  expect(others).toEqual([]);
  return [type, message, (options.actions ?? []).map(action => action.label)];
}

describe('sandbox commands', () => {
  afterEach(() => Notification.dismiss());

  it('say which clusters run once they do', async () => {
    const clusters = [{ name: 'dev' }, { name: 'prod' }] as SandboxCluster[];
    const { model, methods } = server(
      status('starting', { message: 'starting' }),
      status('running', { clusters })
    );
    await start(model, trans);
    expect(shown()).toEqual([
      'success',
      'The sandbox is running: dev, prod.',
      []
    ]);
    expect(methods).toEqual(['POST', 'GET']);
    expect(model.isDisposed).toBe(true);
  });

  it('offer the whole story when the start fails', async () => {
    const { model } = server(
      status('starting'),
      status('failed', { message: 'dev: port in use' })
    );
    await start(model, trans);
    expect(shown()).toEqual([
      'error',
      'The sandbox could not be started.',
      ['Details']
    ]);
  });

  it('say that it is stopped, or that it could not be', async () => {
    await stop(server(status('stopped')).model, trans);
    expect(shown()).toEqual([
      'success',
      'The sandbox is stopped; its data stay.',
      []
    ]);
    Notification.dismiss();
    await stop(server(500).model, trans);
    expect(shown()).toEqual([
      'error',
      'The sandbox could not be stopped.',
      ['Details']
    ]);
  });
});
