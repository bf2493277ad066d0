import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import type { LogTail } from '../../api';
import { LogView } from '../log';
import { APP_ID, client } from './detailCards';

const trans = nullTranslator.load('jupyter_ext');

function tail(values: Partial<LogTail> = {}): LogTail {
  return {
    app: APP_ID,
    container: 'container_1',
    file: 'stderr',
    files: ['prelaunch.out', 'stderr', 'stdout'],
    text: 'line 1\n',
    truncated: false,
    ...values
  };
}

let log: jest.Mock;
let visible: boolean;

function view(finished = false): React.JSX.Element {
  return (
    <LogView
      trans={trans}
      client={stable}
      app={APP_ID}
      finished={finished}
      isVisible={isVisible}
    />
  );
}

const isVisible = () => visible;
const stable = client({ log: (...args) => log(...args) });

async function pass(ms: number): Promise<void> {
  await act(() => jest.advanceTimersByTimeAsync(ms));
}

beforeEach(() => {
  jest.useFakeTimers();
  visible = true;
  log = jest.fn().mockImplementation(async () => tail());
});

afterEach(() => {
  jest.useRealTimers();
});

describe('LogView', () => {
  it('reads the end of stderr, and offers every file there is', async () => {
    render(view());
    await pass(0);

    expect(log).toHaveBeenCalledWith(APP_ID, 'stderr', 65_536);
    expect(screen.getByRole('region').textContent).toBe('line 1\n');

    fireEvent.change(screen.getByLabelText('Log file'), {
      target: { value: 'prelaunch.out' }
    });
    await pass(0);
    expect(log).toHaveBeenLastCalledWith(APP_ID, 'prelaunch.out', 65_536);
  });

  it('follows while the application runs and someone looks', async () => {
    render(view());
    await pass(0);
    log.mockResolvedValue(tail({ text: 'line 1\nline 2\n' }));
    await pass(2000);

    expect(screen.getByRole('region').textContent).toBe('line 1\nline 2\n');
    expect(log).toHaveBeenCalledTimes(2);

    visible = false;
    await pass(10_000);
    expect(log).toHaveBeenCalledTimes(2);

    visible = true;
    await pass(2000);
    expect(log).toHaveBeenCalledTimes(3);

    fireEvent.click(screen.getByLabelText('Follow'));
    await pass(10_000);
    expect(log).toHaveBeenCalledTimes(3);
  });

  it('reads once more when the application ends, and then no more', async () => {
    const { rerender } = render(view());
    await pass(0);
    rerender(view(true));
    await pass(10_000);

    expect(log).toHaveBeenCalledTimes(2);
    expect(screen.queryByLabelText('Follow')).toBeNull();
  });

  it('stays at the end unless the reader has scrolled up', async () => {
    render(view());
    await pass(0);
    const node = screen.getByRole('region');
    Object.defineProperty(node, 'scrollHeight', { value: 1000 });
    Object.defineProperty(node, 'clientHeight', { value: 100 });
    log.mockResolvedValue(tail({ text: 'more' }));
    await pass(2000);
    expect(node.scrollTop).toBe(1000);

    node.scrollTop = 300;
    fireEvent.scroll(node);
    log.mockResolvedValue(tail({ text: 'more and more' }));
    await pass(2000);
    expect(node.textContent).toBe('more and more');
    expect(node.scrollTop).toBe(300);
  });

  it('says when the beginning is left out', async () => {
    log.mockResolvedValue(tail({ truncated: true }));
    render(view());
    await pass(0);

    expect(screen.getByText(/Only the last 64 kB/)).not.toBeNull();
  });

  it('shows why it could not read, beside what it has', async () => {
    render(view());
    await pass(0);
    log.mockRejectedValue(new Error('The NodeManager does not answer.'));
    await pass(2000);

    expect(screen.getByRole('alert').textContent).toBe(
      'The NodeManager does not answer.'
    );
    expect(screen.getByRole('region').textContent).toBe('line 1\n');
  });

  it('drops an answer that comes after another file was chosen', async () => {
    let late: (answer: LogTail) => void = () => undefined;
    log.mockReturnValueOnce(
      new Promise<LogTail>(resolve => {
        late = resolve;
      })
    );
    render(view());
    log.mockResolvedValue(tail({ file: 'stdout', text: 'out' }));
    fireEvent.change(screen.getByLabelText('Log file'), {
      target: { value: 'stdout' }
    });
    await pass(0);
    late(tail({ text: 'err' }));
    await pass(0);

    expect(screen.getByRole('region').textContent).toBe('out');
  });
});
