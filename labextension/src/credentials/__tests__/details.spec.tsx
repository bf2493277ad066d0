import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import type { Identity } from '../../api';
import { WhoAmI } from '../details';
import { Identities } from '../model';
import { alice, FakeStatus, nobody, refusal, server, trans } from './fakes';

const LATER = Date.now() / 1000 + 7230;

function open(known: Identity, ...answers: unknown[]) {
  const { service, asked } = server(...answers);
  const status = new FakeStatus();
  status.board(known);
  const props = {
    identities: new Identities(status.model),
    cluster: 'prod',
    renew: () => service.renew('prod'),
    logout: () => service.logout('prod'),
    login: jest.fn(),
    close: jest.fn(),
    trans
  };
  return { ...props, status, asked, ...render(<WhoAmI {...props} />) };
}

function facts(container: HTMLElement): Record<string, string> {
  return Object.fromEntries(
    [...container.querySelectorAll('dt')].map(dt => [
      dt.textContent,
      dt.nextElementSibling!.textContent
    ])
  );
}

const buttons = () =>
  screen.getAllByRole('button').map(button => button.textContent);

const click = (name: string) =>
  fireEvent.click(screen.getByRole('button', { name }));

describe('WhoAmI', () => {
  it('tells everything about a login', () => {
    const { container } = open(
      alice({
        expires_at: LATER,
        account: {
          display_name: 'Alice Abel',
          mail: 'alice@example.com',
          groups: ['analysts', 'staff'],
          error: null
        },
        tokens: [
          {
            service: 'hdfs',
            address: 'nn:8020',
            kind: 'HDFS_DELEGATION_TOKEN',
            renewer: 'alice',
            expires_at: LATER,
            max_date: LATER + 3600,
            error: null
          },
          {
            service: 'resourcemanager',
            address: 'rm:8032',
            kind: '',
            renewer: '',
            expires_at: null,
            max_date: null,
            error: {
              code: 'unreachable',
              message: 'The ResourceManager does not answer.',
              hint: 'It is tried again.'
            }
          }
        ]
      })
    );
    expect(facts(container)).toMatchObject({
      Principal: 'alice@PROD',
      'Proved by': 'Password',
      'Ticket ends': expect.stringMatching(/ · in 2 h$/),
      Name: 'Alice Abel',
      Mail: 'alice@example.com',
      Groups: 'analysts, staff'
    });
    const rows = [...container.querySelectorAll('tbody tr')].map(row =>
      [...row.children].map(cell => cell.textContent)
    );
    expect(rows).toEqual([
      ['HDFS', 'nn:8020', 'in 2 h', 'in 3 h'],
      ['ResourceManager', 'rm:8032', '–', '–'],
      ['The ResourceManager does not answer.It is tried again.']
    ]);
    expect(buttons()).toEqual(['Log out', 'Renew', 'Close']);
  });

  it('says why the directory told nothing', () => {
    open(
      alice({
        account: {
          display_name: '',
          mail: '',
          groups: [],
          error: { code: 'untrusted', message: 'Wrong CA.', hint: 'Check it.' }
        }
      })
    );
    expect(screen.getByText('Wrong CA.')).toBeTruthy();
    expect(screen.getByText('Check it.')).toBeTruthy();
  });

  it('renews, and shows what becomes of it', async () => {
    const { asked, status, container } = open(alice(), alice());
    click('Renew');
    click('Renew');
    await act(() => Promise.resolve());
    expect(asked.map(({ path }) => path)).toEqual(['credentials/prod/renew']);
    act(() => status.tell(alice({ expires_at: LATER + 3600 })));
    expect(facts(container)['Ticket ends']).toMatch(/ · in 3 h$/);
  });

  it('says why a renewal failed', async () => {
    open(alice(), refusal('session_ended', 'It has ended.', 'Log in again.'));
    click('Renew');
    expect((await screen.findByRole('alert')).textContent).toBe(
      'It has ended.Log in again.'
    );
  });

  it('logs out, and then offers to log in', async () => {
    const { asked, status, login } = open(alice());
    click('Log out');
    await act(() => Promise.resolve());
    expect(asked).toMatchObject([
      { method: 'DELETE', path: 'credentials/prod' }
    ]);
    act(() => status.tell(nobody()));
    expect(screen.getByText('Nobody is logged in.')).toBeTruthy();
    expect(buttons()).toEqual(['Log in', 'Close']);
    click('Log in');
    expect(login).toHaveBeenCalled();
  });

  it('offers no renewal that would be in vain, and no logout that would not last', () => {
    open(alice({ renew_until: null })).unmount();
    open(alice({ renew_until: null }));
    expect(buttons()).toEqual(['Log out', 'Close']);
    document.body.innerHTML = '';
    open(alice({ interactive: false, method: 'keytab' }));
    expect(buttons()).toEqual(['Renew', 'Close']);
  });
});
