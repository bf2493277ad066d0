import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act, fireEvent, screen } from '@testing-library/react';

import type { KernelView } from '../../api';
import { RemoteKernels } from '../model';
import type { IPlace } from '../places';
import { KernelStrip } from '../strip';
import { fakeActions, FakeStatus, trans, view } from './fakes';

class FakeObserver {
  observe(): void {
    // Nothing changes its size here.
  }
  disconnect(): void {
    // Nothing was observed.
  }
}

describe('KernelStrip', () => {
  let strip: KernelStrip;
  beforeAll(() => {
    window.ResizeObserver ??= FakeObserver as never;
  });
  afterEach(() => act(() => strip.dispose()));

  async function show(...views: KernelView[]) {
    const status = new FakeStatus();
    const { actions, mocks } = fakeActions();
    const showPanel = jest.fn();
    const context = {
      session: { kernel: { id: 'k1' } },
      kernelChanged: new Signal<object, void>({})
    };
    strip = new KernelStrip({
      place: { context } as unknown as IPlace,
      kernels: new RemoteKernels(status.model),
      actions,
      showPanel,
      trans
    });
    await act(async () => {
      Widget.attach(strip, document.body);
      status.tell(...views);
      MessageLoop.flush();
    });
    return { mocks, showPanel };
  }

  it('is not there while all is well, or for another kernel', async () => {
    await show(view(), view({ kernel_id: 'k2', state: 'failed' }));
    expect(strip.isHidden).toBe(true);
    expect(strip.node.textContent).toBe('');
  });

  it('shows a start, which can be cancelled', async () => {
    const starting = view({
      state: 'starting',
      phases: [{ name: 'queued', since: 1000, detail: 'Third in research.' }]
    });
    const { mocks } = await show(starting);
    expect(strip.isHidden).toBe(false);
    expect(screen.getByText('Third in research.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(mocks.stop).toHaveBeenCalledWith(starting);
  });

  it('does not say of a silent kernel that it has ended', async () => {
    const { showPanel } = await show(view({ state: 'unreachable' }));
    expect(screen.getByRole('status').textContent).toMatch(/may well be/);
    fireEvent.click(screen.getByRole('button', { name: 'Show' }));
    expect(showPanel).toHaveBeenCalled();
  });

  it('says when a kernel that nobody uses ends', async () => {
    await show(view({ cull_at: Date.now() / 1000 + 300 }));
    expect(screen.getByText(/ends in .* unless it is used/)).toBeTruthy();
  });

  it('restarts a kernel that was killed with more memory', async () => {
    const failed = view({
      state: 'failed',
      failure: { cause: 'Killed.', hint: '', diagnostics: '', memory_mb: 4096 }
    });
    const { mocks } = await show(failed);
    fireEvent.click(screen.getByRole('button', { name: 'Restart with 4 GB' }));
    expect(mocks.again).toHaveBeenCalledWith(failed, { memory_mb: 4096 });
  });
});
