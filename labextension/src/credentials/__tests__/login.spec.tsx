import {
  act,
  cleanup,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import React from 'react';

import type { ILoginProps } from '../login';
import { LoginForm } from '../login';
import { alice, refusal, server, trans } from './fakes';

const WRONG = refusal(
  'wrong_password',
  'Wrong password for alice@PROD.',
  'Two tries are left.'
);
const EXPIRED = refusal('password_expired', 'The password has expired.');

function open(answers: unknown[], values: Partial<ILoginProps> = {}) {
  const { service, asked } = server(...answers);
  const props: ILoginProps = {
    realm: 'PROD',
    kerberos: true,
    user: 'alice',
    again: false,
    login: (body, signal) => service.login('prod', body, signal),
    change: (body, signal) => service.changePassword('prod', body, signal),
    onLogin: jest.fn(),
    close: jest.fn(),
    trans,
    ...values
  };
  return { ...props, asked, ...render(<LoginForm {...props} />) };
}

function field(label: string): HTMLInputElement {
  return screen.getByLabelText(label);
}

function type(label: string, value: string): void {
  fireEvent.change(field(label), { target: { value } });
}

/** Enter, as browsers handle it in a form. */
function enter(): void {
  fireEvent.submit(document.querySelector('form')!);
}

function alert(): Promise<string | null> {
  return screen.findByRole('alert').then(node => node.textContent);
}

describe('LoginForm', () => {
  afterEach(() => {
    jest.useRealTimers();
    cleanup();
  });

  it('logs in with what is typed, and closes', async () => {
    const who = alice();
    const { asked, onLogin, close } = open([who]);
    type('Password', ' s3cret ');
    enter();
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: 'credentials/prod/login',
        body: { user: 'alice', password: ' s3cret ' }
      }
    ]);
    expect(onLogin).toHaveBeenCalledWith(who, false);
  });

  it('names the realm and the user, and tells password managers what is what', () => {
    open([]);
    expect(screen.getByText('PROD')).toBeTruthy();
    expect(field('User').value).toBe('alice');
    expect(field('User').autocomplete).toBe('username');
    expect(field('Password').autocomplete).toBe('current-password');
    expect(field('Password').type).toBe('password');
  });

  it('says why it failed and is ready for the next try', async () => {
    const { asked, close } = open([WRONG, alice()]);
    type('Password', 'wrong');
    enter();
    expect(await alert()).toBe(
      'Wrong password for alice@PROD.Two tries are left.'
    );
    expect(field('Password').value).toBe('');
    expect(document.activeElement).toBe(field('Password'));
    expect(close).not.toHaveBeenCalled();

    type('Password', 'right');
    enter();
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(asked.map(({ body }) => body?.password)).toEqual(['wrong', 'right']);
  });

  it('looks at the name again where nobody is called so', async () => {
    open([refusal('unknown_user', 'There is no user alcie@PROD.')]);
    type('Password', 'x');
    enter();
    await alert();
    expect(document.activeElement).toBe(field('User'));
  });

  it('says how long to wait after too many tries', async () => {
    open([refusal('rate_limited', 'Too many logins.', 'Try again in 42 s.')]);
    type('Password', 'x');
    enter();
    expect(await alert()).toContain('Try again in 42 s.');
  });

  it('sends nothing while something is missing', () => {
    const { asked } = open([]);
    enter();
    expect(screen.getByText('Type your password.')).toBeTruthy();
    expect(document.activeElement).toBe(field('Password'));
    type('User', '  ');
    type('Password', 'x');
    enter();
    expect(screen.getByText('Type your user name.')).toBeTruthy();
    expect(asked).toEqual([]);
  });

  it('counts the seconds after the first one, and gives up when it goes away', async () => {
    jest.useFakeTimers();
    const { asked, unmount, close } = open([new Promise(() => undefined)]);
    const progress = () => document.querySelector('.jp-jext-progress')!;
    type('Password', 'x');
    enter();
    await act(() => jest.advanceTimersByTimeAsync(900));
    expect(progress().textContent).toBe('');
    await act(() => jest.advanceTimersByTimeAsync(2200));
    expect(progress().textContent).toBe('Asking the KDC… 3 s');
    // A second Enter is no second login.
    enter();
    expect(asked).toHaveLength(1);

    const input = field('Password');
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(close).toHaveBeenCalled();
    unmount();
    expect(asked[0].signal.aborted).toBe(true);
    expect(input.value).toBe('');
  });

  it('shows what is typed if one wants to see it', () => {
    open([]);
    type('Password', 's3cret');
    const button = screen.getByRole('button', { name: /^Show/ });
    fireEvent.click(button);
    expect(field('Password').type).toBe('text');
    expect(button.getAttribute('aria-pressed')).toBe('true');
    expect(document.activeElement).toBe(field('Password'));
    fireEvent.click(button);
    expect(field('Password').type).toBe('password');
  });

  it('warns of Caps Lock', () => {
    open([]);
    const press = (on: boolean) =>
      fireEvent.keyDown(field('Password'), {
        key: 'A',
        getModifierState: undefined,
        modifierCapsLock: on
      });
    press(true);
    expect(screen.getByText('⇪ Caps Lock is on.')).toBeTruthy();
    press(false);
    expect(screen.queryByText('⇪ Caps Lock is on.')).toBeNull();
  });

  it('keeps the password out of attributes and of what React draws', () => {
    const { container } = open([]);
    type('Password', 'canary');
    expect(container.innerHTML).not.toContain('canary');
  });

  it('asks for the password alone when a login is only repeated', async () => {
    const { asked, close } = open([alice()], { again: true });
    expect(screen.queryByLabelText('User')).toBeNull();
    expect(screen.getByText(/^alice/)).toBeTruthy();
    type('Password', 'x');
    enter();
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(asked[0].body?.user).toBe('alice');
  });

  it('lets somebody else log in instead', () => {
    open([], { again: true });
    fireEvent.click(screen.getByRole('button', { name: 'Somebody else?' }));
    expect(field('User').value).toBe('alice');
  });
});

describe('the form for a new password', () => {
  const reach = async (...answers: unknown[]) => {
    const opened = open([EXPIRED, ...answers]);
    type('Password', 'old');
    enter();
    await screen.findByLabelText('New password');
    return opened;
  };
  const fill = (old: string, fresh: string, repeat: string) => {
    type('Present password', old);
    type('New password', fresh);
    type('New one again', repeat);
    enter();
  };

  it('takes the place of the login when the old one has expired', async () => {
    const { asked, onLogin, close } = await reach(alice());
    expect(await alert()).toContain('The password has expired.');
    expect(document.activeElement).toBe(field('Present password'));
    expect(field('Present password').value).toBe('');
    expect(field('New password').autocomplete).toBe('new-password');
    fill('old', 'fresh', 'fresh');
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(asked[1]).toMatchObject({
      path: 'credentials/prod/password',
      body: { user: 'alice', password: 'old', new_password: 'fresh' }
    });
    expect(onLogin).toHaveBeenCalledWith(expect.anything(), true);
  });

  it('sends nothing unless the new one is typed twice the same', async () => {
    const { asked } = await reach();
    fill('old', 'fresh', 'frehs');
    expect(screen.getByText('The two are not the same.')).toBeTruthy();
    expect(document.activeElement).toBe(field('New one again'));
    fill('old', '', '');
    expect(screen.getByText('Type a new password.')).toBeTruthy();
    fill('', 'fresh', 'fresh');
    expect(screen.getByText('Type your present password.')).toBeTruthy();
    expect(asked).toHaveLength(1);
  });

  it("stays with the KDC's own reason when it does not like the new one", async () => {
    const { close } = await reach(
      refusal('password_rejected', 'New password is too short.')
    );
    fill('old', 'fresh', 'fresh');
    await waitFor(async () =>
      expect(await alert()).toBe('New password is too short.')
    );
    expect(field('Present password').value).toBe('old');
    expect(field('New password').value).toBe('');
    expect(field('New one again').value).toBe('');
    expect(document.activeElement).toBe(field('New password'));
    expect(close).not.toHaveBeenCalled();
  });

  it('begins anew when the old one is wrong', async () => {
    await reach(WRONG);
    fill('odl', 'fresh', 'fresh');
    await waitFor(async () => expect(await alert()).toContain('Wrong'));
    expect(field('Present password').value).toBe('');
    expect(document.activeElement).toBe(field('Present password'));
  });
});
