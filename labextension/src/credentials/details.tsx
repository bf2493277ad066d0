import { UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Account, Identity, TokenInfo } from '../api';
import { DialogButton } from '../clusters/field';
import { Time } from '../status/section';
import { useAttempt } from './attempt';
import { ProblemNote, Remark } from './parts';
import type { IIdentities } from './tokens';
import {
  canRenew,
  isLoggedIn,
  methodWord,
  serviceWord,
  timeLeft
} from './words';

/** Properties of {@link WhoAmI}. */
export interface IWhoAmIProps {
  identities: IIdentities;
  cluster: string;
  renew: () => Promise<Identity>;
  logout: () => Promise<void>;
  /** Close this and open the login form. */
  login: () => void;
  close: () => void;
  trans: TranslationBundle;
}

/** Everything about who the user is on one cluster. */
export function WhoAmI(props: IWhoAmIProps): React.JSX.Element {
  const { identities, cluster } = props;
  return (
    <UseSignal signal={identities.changed}>
      {() => <Details {...props} identity={identities.of(cluster)} />}
    </UseSignal>
  );
}

function Details(
  props: IWhoAmIProps & { identity: Identity | null }
): React.JSX.Element {
  const { identity, renew, logout, login, close, trans } = props;
  const { busy, problem, run } = useAttempt();
  const now = useSeconds();
  const inside = identity !== null && isLoggedIn(identity);
  const interactive = identity?.interactive ?? true;
  const act = (work: () => Promise<unknown>) => () => {
    if (!busy) {
      void run(work);
    }
  };
  return (
    <div className="jp-jext-form jp-jext-whoami">
      <div className="jp-jext-scroll">
        {inside ? (
          <>
            <Facts identity={identity} now={now} trans={trans} />
            <AccountFacts
              account={identity.account}
              realm={identity.realm}
              trans={trans}
            />
            <Tokens tokens={identity.tokens} now={now} trans={trans} />
          </>
        ) : (
          <p>{trans.__('Nobody is logged in.')}</p>
        )}
        {(problem ?? identity?.reason) && (
          <ProblemNote problem={(problem ?? identity?.reason)!} />
        )}
      </div>
      <div className="jp-jext-buttons">
        {inside && interactive && (
          <DialogButton aria-disabled={busy} onClick={act(logout)}>
            {trans.__('Log out')}
          </DialogButton>
        )}
        {inside && canRenew(identity) && (
          <DialogButton aria-disabled={busy} onClick={act(renew)}>
            {trans.__('Renew')}
          </DialogButton>
        )}
        {!inside && (
          <DialogButton
            aria-disabled={busy}
            onClick={interactive ? login : act(renew)}
          >
            {interactive ? trans.__('Log in') : trans.__('Try again')}
          </DialogButton>
        )}
        <DialogButton accept data-jext-focus onClick={close}>
          {trans.__('Close')}
        </DialogButton>
      </div>
    </div>
  );
}

function Facts(props: {
  identity: Identity;
  now: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { identity, now, trans } = props;
  const { principal, method, since, expires_at, renew_until } = identity;
  return (
    <dl className="jp-jext-known">
      <dt>{trans.__('Principal')}</dt>
      <dd>
        <code>{principal}</code>
      </dd>
      {method && (
        <>
          <dt>{trans.__('Proved by')}</dt>
          <dd>{methodWord(method, trans)}</dd>
        </>
      )}
      {since !== null && (
        <>
          <dt>{trans.__('Logged in since')}</dt>
          <dd>
            <Time ms={1000 * since} />
          </dd>
        </>
      )}
      <dt>{trans.__('Ticket ends')}</dt>
      <dd>
        <Ending moment={expires_at} now={now} trans={trans} />
      </dd>
      {renew_until !== null && (
        <>
          <dt>{trans.__('Renewable until')}</dt>
          <dd>
            <Ending moment={renew_until} now={now} trans={trans} />
          </dd>
        </>
      )}
    </dl>
  );
}

function AccountFacts(props: {
  account: Account | null;
  realm: string;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { account, realm, trans } = props;
  if (!account) {
    return null;
  }
  const { display_name, mail, groups, error } = account;
  return (
    <>
      <h3>{trans.__('Account')}</h3>
      {error ? (
        <>
          <p>{trans.__('The directory of %1 was asked in vain.', realm)}</p>
          <Remark {...error} />
        </>
      ) : (
        <dl className="jp-jext-known">
          <dt>{trans.__('Name')}</dt>
          <dd>{display_name || '–'}</dd>
          <dt>{trans.__('Mail')}</dt>
          <dd>{mail || '–'}</dd>
          <dt>{trans.__('Groups')}</dt>
          <dd>{groups.join(', ') || '–'}</dd>
        </dl>
      )}
    </>
  );
}

function Tokens(props: {
  tokens: TokenInfo[];
  now: number;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { tokens, now, trans } = props;
  if (!tokens.length) {
    return null;
  }
  return (
    <>
      <h3>{trans.__('Delegation tokens')}</h3>
      <p className="jp-jext-field-help">
        {trans.__('What your kernels and jobs use instead of your ticket.')}
      </p>
      <table className="jp-jext-tokens">
        <thead>
          <tr>
            <th scope="col">{trans.__('Service')}</th>
            <th scope="col">{trans.__('Address')}</th>
            <th scope="col">{trans.__('Ends')}</th>
            <th scope="col">{trans.__('Renewable until')}</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map(token => (
            <React.Fragment key={`${token.service} ${token.address}`}>
              <tr>
                <th scope="row">{serviceWord(token.service)}</th>
                <td>{token.address}</td>
                <td>
                  <Ending
                    moment={token.expires_at}
                    now={now}
                    trans={trans}
                    short
                  />
                </td>
                <td>
                  <Ending
                    moment={token.max_date}
                    now={now}
                    trans={trans}
                    short
                  />
                </td>
              </tr>
              {token.error && (
                <tr>
                  <td colSpan={4}>
                    <Remark {...token.error} />
                  </td>
                </tr>
              )}
            </React.Fragment>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** When something ends: the moment, and how long that is off. */
function Ending(props: {
  moment: number | null;
  now: number;
  /** Only how long it is off; the moment is a tooltip. */
  short?: boolean;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { moment, now, short, trans } = props;
  if (moment === null) {
    return <>–</>;
  }
  const left = trans.__('in %1', timeLeft(moment, now, trans));
  return short ? (
    <span title={new Date(1000 * moment).toLocaleString()}>{left}</span>
  ) : (
    <>
      <Time ms={1000 * moment} /> · {left}
    </>
  );
}

/** The time of the moment, in epoch milliseconds, again each second. */
function useSeconds(): number {
  const [now, setNow] = React.useState(Date.now);
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}
