import { UseSignal } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import React from 'react';

import { CommandIDs } from '../../commands';
import type { SandboxModel } from '../model';
import { SandboxOfferView } from '../offer';
import { server, status, trans } from './fakes';

function open(model: SandboxModel, commands?: CommandRegistry): void {
  render(
    <UseSignal signal={model.changed}>
      {() => (
        <SandboxOfferView trans={trans} model={model} commands={commands} />
      )}
    </UseSignal>
  );
}

const button = (name: string) =>
  screen.getByRole<HTMLButtonElement>('button', { name });

describe('SandboxOffer', () => {
  let model: SandboxModel;

  afterEach(() => model.dispose());

  it('starts the sandbox and follows it until it runs', async () => {
    let methods: string[];
    ({ model, methods } = server(
      status('starting', { message: 'starting' }),
      status('starting', { message: 'dev: starting the NameNode' }),
      status('running')
    ));
    open(model);
    const seen: string[] = [];
    model.changed.connect(function (this: void) {
      seen.push(model.status?.message ?? '');
    }, model);
    fireEvent.click(button('Start the sandbox'));
    expect(button('Start the sandbox').getAttribute('aria-disabled')).toBe(
      'true'
    );
    fireEvent.click(button('Start the sandbox'));
    expect(screen.getByRole('status').textContent).toBe(
      'Starting the sandbox… (0 s)'
    );
    await screen.findByText(/its clusters appear here in a moment/);
    expect(seen).toContain('dev: starting the NameNode');
    expect(methods).toEqual(['POST', 'GET', 'GET']);
  });

  it('says why it failed, what to install, and lets one try again', async () => {
    ({ model } = server(
      status('failed', {
        message: 'Java is missing.',
        missing: ['openjdk-21-jre-headless', 'krb5-kdc']
      }),
      status('running')
    ));
    open(model);
    await act(() => model.refresh());
    expect((await screen.findByRole('alert')).textContent).toBe(
      'Java is missing.'
    );
    expect(
      screen.getByText('apt-get install openjdk-21-jre-headless krb5-kdc')
    ).toBeTruthy();
    fireEvent.click(button('Try again'));
    await screen.findByText(/its clusters appear here in a moment/);
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('shows that the server could not be asked', async () => {
    ({ model } = server(500, status('stopped')));
    open(model);
    fireEvent.click(button('Start the sandbox'));
    expect((await screen.findByRole('alert')).textContent).toBe('It broke.');
    await waitFor(() =>
      expect(button('Start the sandbox').getAttribute('aria-disabled')).toBe(
        'false'
      )
    );
    await act(() => model.refresh());
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });

  it('offers to add a cluster where there is such a command', () => {
    ({ model } = server(status('stopped')));
    const execute = jest.fn();
    const commands = new CommandRegistry();
    commands.addCommand(CommandIDs.add, { execute });
    open(model, commands);
    fireEvent.click(button('Add a cluster…'));
    expect(execute).toHaveBeenCalledTimes(1);
  });
});
