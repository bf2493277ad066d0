import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type { KernelView } from '../../api';
import { KernelCard } from '../card';
import { fakeActions, trans, view } from './fakes';

function show(shown: KernelView, busy = false, stale = false) {
  const { actions, mocks } = fakeActions();
  const { container } = render(
    <KernelCard
      view={shown}
      color="orange"
      busy={busy}
      stale={stale}
      collapsed={false}
      onToggle={() => undefined}
      actions={actions}
      trans={trans}
    />
  );
  return { container, mocks };
}

function button(name: string | RegExp): HTMLButtonElement {
  return screen.getByRole('button', { name });
}

describe('KernelCard', () => {
  it('shows where a kernel runs and what it uses, in the colour of its cluster', () => {
    const stats = {
      cpu_percent: 150,
      memory_mb: 1024,
      memory_limit_mb: 2048,
      gpus: []
    };
    const { container } = show(view({ stats }));
    expect(container.querySelector('.jp-jext-color-orange')).toBeTruthy();
    expect(screen.getByText('worker-1')).toBeTruthy();
    expect(screen.getByText('application_1_0001').getAttribute('href')).toBe(
      'http://rm/proxy/application_1_0001'
    );
    const [memory, cpu] = screen.getAllByRole('meter');
    expect(memory.getAttribute('aria-valuetext')).toBe('1 GB of 2 GB');
    expect(cpu.getAttribute('aria-valuetext')).toBe('150 % of 2 cores');
    expect(cpu.getAttribute('aria-valuenow')).toBe('75');
  });

  it('takes no address of a page that is none', () => {
    show(view({ url: 'javascript:alert(1)' }));
    expect(screen.getByText('application_1_0001').closest('a')).toBeNull();
  });

  it('opens the notebook, a terminal, and restarts', () => {
    const { mocks } = show(view());
    fireEvent.click(button('a.ipynb'));
    fireEvent.click(button(/^Open a terminal/));
    fireEvent.click(button(/^Restart in place/));
    for (const name of ['open', 'terminal', 'restart'] as const) {
      expect(mocks[name]).toHaveBeenCalledWith(view());
    }
  });

  it('shows the phases of a start, which can be cancelled at any', () => {
    const now = Date.now() / 1000;
    const { mocks } = show(
      view({
        state: 'starting',
        ready_at: null,
        phases: [
          { name: 'uploading', since: now - 5, detail: '' },
          { name: 'queued', since: now - 3, detail: 'Third in research.' }
        ]
      })
    );
    const [uploading, queued] = screen.getAllByRole('listitem');
    expect(uploading.textContent).toBe('Uploading2.0 s');
    expect(queued.textContent).toMatch(/^Queued3\.\d sThird in research\.$/);
    expect(queued.getAttribute('aria-current')).toBe('step');
    expect(button(/^Open a terminal/).disabled).toBe(true);
    fireEvent.click(button(/^Cancel the start/));
    expect(mocks.stop).toHaveBeenCalled();
  });

  it('says why a kernel failed, and restarts it with more memory', () => {
    const failed = view({
      state: 'failed',
      failure: {
        cause: 'Killed at 2.1 of 2 GB.',
        hint: 'Ask for more.',
        diagnostics: 'exit 137',
        memory_mb: 4096
      }
    });
    const { mocks } = show(failed);
    expect(screen.getByRole('alert').textContent).toContain(
      'Killed at 2.1 of 2 GB.'
    );
    expect(screen.getByText('exit 137').closest('details')?.open).toBe(false);
    fireEvent.click(button('Restart with 4 GB'));
    expect(mocks.again).toHaveBeenCalledWith(failed, { memory_mb: 4096 });
  });

  it('offers no more memory where that was not missing', () => {
    const failure = {
      cause: 'No.',
      hint: '',
      diagnostics: '',
      memory_mb: null
    };
    show(view({ state: 'failed', failure }));
    expect(screen.queryByRole('button', { name: /^Restart with/ })).toBeNull();
    expect(button('Start again')).toBeTruthy();
  });

  it('lets an orphan be adopted or ended, if it can be adopted', () => {
    const { mocks } = show(view({ state: 'orphan', adoptable: true }));
    fireEvent.click(button('Adopt'));
    expect(mocks.adopt).toHaveBeenCalled();
    fireEvent.click(button('End'));
    expect(mocks.stop).toHaveBeenCalled();
  });

  it('does not say of a silent kernel that it has ended', () => {
    show(view({ state: 'unreachable' }));
    expect(screen.getByText(/It may well be running/)).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('lets nothing be done while something is', () => {
    show(view(), true);
    expect(button(/^Restart in place/).disabled).toBe(true);
    expect(button(/^Stop/).disabled).toBe(true);
  });

  it('says that its state is of the past while the server is gone', () => {
    show(view(), true, true);
    expect(screen.getByText('Last known: Running')).toBeTruthy();
  });

  it('reads the log only when it is unfolded', async () => {
    const { container, mocks } = show(view());
    mocks.log.mockResolvedValue({ text: 'hello\n', complete: true });
    expect(mocks.log).not.toHaveBeenCalled();
    const details = container.querySelector<HTMLDetailsElement>(
      '.jp-jext-kernel-more'
    );
    await act(async () => {
      details!.open = true;
      fireEvent(details!, new Event('toggle'));
    });
    expect(await screen.findByText('hello')).toBeTruthy();
  });
});
