import { RemoteKernels } from '../model';
import { FakeStatus, view } from './fakes';

describe('RemoteKernels', () => {
  it('knows nothing until the server has told', () => {
    const status = new FakeStatus();
    const kernels = new RemoteKernels(status.model);
    const changed = jest.fn();
    kernels.changed.connect(changed);
    expect(kernels.all).toBeNull();
    expect(kernels.get('k1')).toBeNull();

    status.tell(view());

    expect(changed).toHaveBeenCalledTimes(1);
    expect(kernels.get('k1')?.host).toBe('worker-1');
  });

  it('lets one thing be done to a kernel at a time', async () => {
    const kernels = new RemoteKernels(new FakeStatus().model);
    let end = () => undefined as void;
    const first = kernels.during(
      'k1',
      () => new Promise(resolve => (end = resolve))
    );
    const second = jest.fn();

    expect(kernels.isBusy('k1')).toBe(true);
    expect(await kernels.during('k1', second)).toBe(false);
    expect(second).not.toHaveBeenCalled();

    end();
    expect(await first).toBe(true);
    expect(kernels.isBusy('k1')).toBe(false);
  });

  it('is not busy after what failed', async () => {
    const kernels = new RemoteKernels(new FakeStatus().model);
    const failure = kernels.during('k1', async () => {
      throw new Error('no');
    });
    await expect(failure).rejects.toThrow('no');
    expect(kernels.isBusy('k1')).toBe(false);
  });
});
