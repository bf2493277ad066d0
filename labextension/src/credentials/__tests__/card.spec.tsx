import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import type { Identity } from '../../api';
import { CommandIDs } from '../../commands';
import { IdentityLine, LoginButton, LoginOffer } from '../card';
import { alice, nobody, trans } from './fakes';

const NOW = Date.now();
const Clock = React.createContext(NOW);
const run = jest.fn();
const openMenu = jest.fn();
const REASON = {
  code: 'kdc_unreachable',
  message: 'No KDC of PROD answers.',
  hint: 'Are you connected to its network?'
};

function show(part: typeof IdentityLine, identity: Identity): void {
  const Part = part;
  render(
    <Part
      identity={identity}
      title="Production"
      run={run}
      openMenu={openMenu}
      clock={Clock}
      trans={trans}
    />
  );
}

function click(name: string): void {
  fireEvent.click(screen.getByRole('button', { name }));
}

beforeEach(() => {
  run.mockClear();
  openMenu.mockClear();
});

describe('the offer to log in', () => {
  it('opens the form', () => {
    show(LoginOffer, nobody());
    click('Log in: Production');
    expect(run).toHaveBeenCalledWith(CommandIDs.login, 'prod');
  });

  it('says why the last login ended', () => {
    show(LoginOffer, nobody({ state: 'error', reason: REASON }));
    expect(screen.getByText(REASON.message)).toBeTruthy();
    expect(screen.getByText(REASON.hint)).toBeTruthy();
  });

  it('asks for no password where the profile says what proves who one is', () => {
    show(LoginOffer, nobody({ state: 'error', interactive: false }));
    click('Try again: Production');
    expect(run).toHaveBeenCalledWith(CommandIDs.renewLogin, 'prod');
  });
});

describe('the line of a login', () => {
  it('says who and how long, and opens the menu', () => {
    const identity = alice({ expires_at: NOW / 1000 + 54.5 * 60 });
    show(IdentityLine, identity);
    const button = screen.getByRole('button', {
      name: 'Login to Production: alice · 54 min'
    });
    expect(button.title).toMatch(/^alice@PROD\. Renewed by itself until /);
    fireEvent.click(button);
    expect(openMenu).toHaveBeenCalledWith(identity, button);
    expect(screen.getAllByRole('button')).toHaveLength(1);
  });

  it('offers another login when the end is near and certain', () => {
    show(IdentityLine, alice({ state: 'expiring', renew_until: null }));
    click('Log in again: Production');
    expect(run).toHaveBeenCalledWith(CommandIDs.login, 'prod');
  });

  it('offers a renewal when the last one failed, and says why', () => {
    show(IdentityLine, alice({ state: 'error', reason: REASON }));
    expect(screen.getByText(REASON.hint)).toBeTruthy();
    click('Renew: Production');
    expect(run).toHaveBeenCalledWith(CommandIDs.renewLogin, 'prod');
  });

  it('offers a renewal of what the profile proves', () => {
    show(IdentityLine, alice({ state: 'expiring', interactive: false }));
    click('Renew: Production');
    expect(run).toHaveBeenCalledWith(CommandIDs.renewLogin, 'prod');
  });

  it('counts the tokens that do not work, and shows them', () => {
    const token = {
      service: 'hdfs' as const,
      address: 'nn:8020',
      kind: '',
      renewer: '',
      expires_at: null,
      max_date: null
    };
    const tokens = [
      { ...token, error: REASON },
      { ...token, address: 'rm:8032', error: null }
    ];
    show(IdentityLine, alice({ tokens }));
    click('1 token has a problem');
    expect(run).toHaveBeenCalledWith(CommandIDs.whoAmI, 'prod');
  });
});

describe('the button in the detail view', () => {
  const button = (identity: Identity | null) =>
    render(<LoginButton identity={identity} run={run} trans={trans} />);

  it('tells who is logged in, and more on a click', () => {
    button(alice());
    click('You are alice');
    expect(run).toHaveBeenCalledWith(CommandIDs.whoAmI, 'prod');
  });

  it('logs in where nobody is', () => {
    button(nobody());
    click('Log in');
    expect(run).toHaveBeenCalledWith(CommandIDs.login, 'prod');
  });

  it('is not there where no login is wanted', () => {
    button(null);
    button(nobody({ needed: false }));
    expect(screen.queryByRole('button')).toBeNull();
  });
});
