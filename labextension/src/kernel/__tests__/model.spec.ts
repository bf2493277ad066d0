import { COMM_TARGET, KernelCluster } from '../model';
import { environment, FakeKernel, FakeSession } from './fakes';

/** Let everything that waits for a promise go on. */
const settled = () => new Promise(resolve => setTimeout(resolve, 0));

describe('KernelCluster', () => {
  it('asks an idle Python kernel, silently', async () => {
    const kernel = new FakeKernel('python', () => environment('dev'));
    const cluster = new KernelCluster(new FakeSession(kernel).context);
    await settled();
    expect(cluster.state).toBe('known');
    expect(cluster.cluster).toBe('dev');
    expect(kernel.requests).toHaveLength(1);
    expect(kernel.requests[0]).toMatchObject({
      silent: true,
      store_history: false,
      stop_on_error: false
    });
  });

  it('does not ask a busy kernel until it is idle', async () => {
    const kernel = new FakeKernel('python', () => environment('dev'));
    kernel.status = 'busy';
    const session = new FakeSession(kernel);
    const cluster = new KernelCluster(session.context);
    await settled();
    expect(kernel.requests).toHaveLength(0);
    expect(cluster.state).toBe('unknown');
    session.setStatus('idle');
    session.setStatus('idle');
    await settled();
    expect(kernel.requests).toHaveLength(1);
    expect(cluster.cluster).toBe('dev');
  });

  it('leaves kernels of other languages alone', async () => {
    const kernel = new FakeKernel('R', () => environment('dev'));
    const session = new FakeSession(kernel);
    const cluster = new KernelCluster(session.context);
    await settled();
    session.setStatus('idle');
    await settled();
    expect(cluster.state).toBe('foreign');
    expect(kernel.requests).toHaveLength(0);
    await expect(cluster.use('dev')).rejects.toThrow('no Python kernel');
  });

  it('follows what the kernel announces', async () => {
    const kernel = new FakeKernel('python', () => environment('dev'));
    const cluster = new KernelCluster(new FakeSession(kernel).context);
    await settled();
    kernel.announce(COMM_TARGET, 'prod');
    expect(cluster.cluster).toBe('prod');
    kernel.announce(COMM_TARGET, null);
    expect(cluster.cluster).toBeNull();
    expect(cluster.state).toBe('known');
  });

  it('tells of a kernel that has started without a cluster, after a restart too', async () => {
    const kernel = new FakeKernel('python', () => environment(''));
    const session = new FakeSession(kernel);
    const cluster = new KernelCluster(session.context);
    const started = jest.fn();
    cluster.started.connect(started, {});
    // The magic loads while the kernel starts: that alone says nothing.
    kernel.announce(COMM_TARGET, null);
    await settled();
    expect(started).toHaveBeenCalledTimes(1);
    session.setStatus('restarting');
    expect(cluster.state).toBe('unknown');
    session.setStatus('idle');
    await settled();
    expect(started).toHaveBeenCalledTimes(2);
  });

  it('switches with the magic and reports what it prints', async () => {
    const kernel = new FakeKernel('python', request =>
      request.code === ''
        ? environment('dev')
        : {
            content: { status: 'ok' },
            iopub: [
              {
                type: 'display_data',
                content: {
                  data: { 'text/plain': '\u001b[1mNow on prod\u001b[0m' }
                }
              },
              {
                type: 'stream',
                content: { text: 'Still on another cluster: spark' }
              }
            ]
          }
    );
    const cluster = new KernelCluster(new FakeSession(kernel).context);
    await settled();
    const states: string[] = [];
    cluster.changed.connect(() => states.push(cluster.state), {});
    const result = await cluster.use('prod');
    expect(result).toEqual({
      ok: true,
      text: 'Now on prod\nStill on another cluster: spark',
      exception: ''
    });
    expect(states).toEqual(['switching', 'known']);
    expect(cluster.cluster).toBe('prod');
    expect(kernel.requests[1].code).toContain(
      `run_line_magic('cluster', "use prod")`
    );
  });

  it('stays where it was when the switch fails', async () => {
    const kernel = new FakeKernel('python', request =>
      request.code === ''
        ? environment('dev')
        : {
            content: {
              status: 'error',
              ename: 'UsageError',
              evalue: 'There is no cluster prdo.'
            }
          }
    );
    const cluster = new KernelCluster(new FakeSession(kernel).context);
    await settled();
    const result = await cluster.use('prdo');
    expect(result.ok).toBe(false);
    expect(result.text).toBe('There is no cluster prdo.');
    expect(cluster.cluster).toBe('dev');
    expect(cluster.state).toBe('known');
  });

  it('forgets a kernel that is replaced, and listens no more once disposed', async () => {
    const kernel = new FakeKernel('python', () => environment('dev'));
    const session = new FakeSession(kernel);
    const cluster = new KernelCluster(session.context);
    await settled();
    const next = new FakeKernel('python', () => environment('prod'));
    session.setKernel(next);
    expect(kernel.targets.size).toBe(0);
    await settled();
    expect(cluster.cluster).toBe('prod');
    session.setKernel(null);
    expect(cluster.state).toBe('none');
    session.setKernel(next);
    await settled();
    cluster.dispose();
    cluster.dispose();
    expect(next.targets.size).toBe(0);
  });
});
