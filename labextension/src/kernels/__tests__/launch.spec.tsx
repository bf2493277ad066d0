import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type { LaunchForm } from '../../api';
import { LaunchFields, LaunchView } from '../launch';
import { form } from './fakes';

function show(shown: LaunchForm = form()) {
  const start = jest.fn(async () => undefined);
  const close = jest.fn();
  render(
    <LaunchFields
      form={shown}
      start={start}
      close={close}
      translator={nullTranslator}
    />
  );
  return { start, close };
}

async function submit(): Promise<void> {
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Start' }));
  });
}

function memory(): HTMLInputElement {
  return screen.getByLabelText('Memory (MB)');
}

describe('LaunchFields', () => {
  it('starts with what is proposed, and has the focus where Enter starts it', async () => {
    const { start, close } = show();
    expect(document.activeElement?.textContent).toBe('Start');
    expect(screen.getByText(/Queue default has 4 GB free\./)).toBeTruthy();
    await submit();
    expect(start).toHaveBeenCalledWith({
      spec: 'prod-yarn-python',
      values: { memory_mb: 2048, queue: 'default' },
      remember: false,
      ask: true
    });
    expect(close).toHaveBeenCalled();
  });

  it('takes a preset over, and says that the kernel will wait', async () => {
    const { start } = show();
    fireEvent.click(screen.getByRole('button', { name: 'Large' }));
    expect(memory().value).toBe('8192');
    expect(screen.getByText(/will wait/)).toBeTruthy();
    await submit();
    expect(start).toHaveBeenCalledWith(
      expect.objectContaining({
        values: { memory_mb: 8192, queue: 'default' }
      })
    );
  });

  it.each(['9000', '5', ''])('starts nothing with %p MB', async value => {
    const { start } = show();
    fireEvent.change(memory(), { target: { value } });
    expect(screen.getByRole('alert').textContent).toMatch(/most|least|needed/);
    await submit();
    expect(start).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(memory());
  });

  it('remembers, and asks no more', async () => {
    const { start } = show();
    fireEvent.click(screen.getByLabelText('Remember these values'));
    fireEvent.click(screen.getByLabelText('Do not ask again'));
    await submit();
    expect(start).toHaveBeenCalledWith(
      expect.objectContaining({ remember: true, ask: false })
    );
  });

  it('stays open with what the server refuses', async () => {
    const { start, close } = show();
    start.mockRejectedValue(new Error('There is no queue default.'));
    await submit();
    expect(screen.getByRole('alert').textContent).toContain('no queue');
    expect(close).not.toHaveBeenCalled();
  });

  it('says why it does not know what is free', () => {
    show(form({ limits: [], limits_error: 'prod wants a login first.' }));
    expect(screen.getByText(/prod wants a login first\./)).toBeTruthy();
  });
});

describe('LaunchView', () => {
  it.each([
    ['the user wants no form', async () => form({ ask: false })],
    ['there is none', () => Promise.reject(new Error('gone'))]
  ])('starts at once where %s', async (_, answer) => {
    const asked: Promise<LaunchForm> = answer();
    const start = jest.fn(async () => undefined);
    const close = jest.fn();
    await act(async () => {
      render(
        <LaunchView
          form={asked}
          start={start}
          close={close}
          translator={nullTranslator}
        />
      );
    });
    expect(start).toHaveBeenCalledWith(null);
    expect(close).toHaveBeenCalled();
  });
});
