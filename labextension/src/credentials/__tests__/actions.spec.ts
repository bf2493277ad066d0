import { Dialog, Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, screen, waitFor } from '@testing-library/react';

import type { Identity } from '../../api';
import { CredentialActions } from '../actions';
import { CredentialDialogs } from '../dialogs';
import { Identities } from '../model';
import { RememberedUsers } from '../users';
import { alice, FakeStatus, nobody, refusal, server, trans } from './fakes';

let status: FakeStatus;
let users: RememberedUsers;

function make(known: Identity[], ...answers: unknown[]) {
  const { service, asked } = server(...answers);
  status = new FakeStatus();
  status.board(...known);
  const identities = new Identities(status.model);
  users = new RememberedUsers();
  const dialogs = new CredentialDialogs(identities, service, users, trans);
  const actions = new CredentialActions({
    identities,
    status: status.model,
    service,
    dialogs: async () => dialogs,
    commands: new CommandRegistry(),
    trans
  });
  return { actions, asked };
}

const told = () =>
  Notification.manager.notifications.map(({ message }) => message);

const password = () =>
  screen.findByLabelText<HTMLInputElement>('Password', undefined, {
    timeout: 5000
  });

afterEach(() => {
  Dialog.flush();
  Notification.dismiss();
});

describe('logging in', () => {
  it('takes the only cluster that asks for it, and greets who has come', async () => {
    const { actions, asked } = make([nobody()], alice());
    const done = actions.login(undefined);
    const input = await password();
    expect(document.activeElement).toBe(input);
    fireEvent.change(input, { target: { value: 'canary' } });
    fireEvent.submit(input.form!);
    await done;
    expect(asked[0].body).toEqual({ user: 'alice', password: 'canary' });
    expect(told()).toEqual(['You are alice@PROD on PROD.']);
    expect(document.querySelector('.jp-Dialog')).toBeNull();
    expect(input.value).toBe('');
    expect(await users.of('prod')).toBe('alice');
  });

  it('proposes who logged in last; a kernel may propose somebody else', async () => {
    const { actions } = make([nobody()]);
    await users.remember('prod', 'bob');
    for (const [given, shown] of [
      ['', 'bob'],
      ['carol', 'carol']
    ]) {
      const done = actions.login('prod', given);
      await password();
      expect(screen.getByLabelText<HTMLInputElement>('User').value).toBe(shown);
      fireEvent.click(screen.getByText('Cancel'));
      await done;
    }
  });

  it('is called off with Escape', async () => {
    const { actions, asked } = make([nobody()], new Promise(() => undefined));
    const done = actions.login('prod');
    const input = await password();
    fireEvent.change(input, { target: { value: 'canary' } });
    fireEvent.submit(input.form!);
    await waitFor(() => expect(asked).toHaveLength(1));
    fireEvent.keyDown(input, { key: 'Escape' });
    await done;
    expect(asked[0].signal.aborted).toBe(true);
    expect(told()).toEqual([]);
  });

  it('opens one form at a time for a cluster', async () => {
    const { actions } = make([nobody()]);
    const first = actions.login('prod');
    await password();
    await actions.login('prod');
    expect(screen.getAllByLabelText('Password')).toHaveLength(1);
    fireEvent.click(screen.getByText('Cancel'));
    await first;
  });

  it('asks for the password alone after a login has ended', async () => {
    const { actions } = make([nobody({ state: 'expired' })]);
    const done = actions.login('prod');
    await password();
    expect(screen.queryByLabelText('User')).toBeNull();
    fireEvent.click(screen.getByText('Cancel'));
    await done;
  });

  it('asks nobody where the profile says what proves who one is', async () => {
    const { actions, asked } = make([nobody({ interactive: false })], alice());
    await actions.login('prod');
    expect(asked[0].path).toBe('credentials/prod/renew');
  });

  it('says that there is no such cluster, or none that asks', async () => {
    const { actions } = make([]);
    await actions.login('nowhere');
    await actions.login('dev');
    await actions.login(undefined);
    expect(told().sort()).toEqual([
      'No cluster asks for a login.',
      'There is no cluster named nowhere.',
      'dev asks for no login.'
    ]);
  });
});

describe('logging out', () => {
  it('says of which cluster', async () => {
    const { actions, asked } = make([alice()]);
    await actions.logout(undefined);
    expect(asked).toMatchObject([
      { method: 'DELETE', path: 'credentials/prod' }
    ]);
    expect(told()).toEqual(['You are logged out of PROD.']);
  });

  it('can be of all', async () => {
    const { actions, asked } = make([alice()]);
    await actions.logoutAll();
    expect(asked).toMatchObject([{ method: 'DELETE', path: 'credentials' }]);
    expect(told()).toEqual(['You are logged out of every cluster.']);
  });

  it('does nothing for who is not logged in', async () => {
    const { actions, asked } = make([nobody()]);
    await actions.logout(undefined);
    expect(asked).toEqual([]);
    expect(told()).toEqual(['You are not logged in to any cluster.']);
  });
});

describe('renewing', () => {
  it('says for how long', async () => {
    const end = Date.now() / 1000 + 59.5 * 60;
    const { actions } = make([alice()], alice({ expires_at: end }));
    await actions.renew('prod');
    expect(told()).toEqual(['The login to PROD is renewed: 59 min from now.']);
  });

  it('says why not', async () => {
    const silent = jest.spyOn(console, 'warn').mockImplementation();
    const { actions } = make(
      [alice()],
      refusal('session_ended', 'Your login to PROD has ended.', 'Log in again.')
    );
    const done = actions.renew('prod');
    await screen.findByText('Your login to PROD has ended. Log in again.');
    fireEvent.click(screen.getByText('Close'));
    await done;
    silent.mockRestore();
  });
});
