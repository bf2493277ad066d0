import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownEmptyThinIcon, userIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Identity } from '../api';
import { CommandIDs } from '../commands';
import { Remark } from './parts';
import { isLoggedIn, outlook, whoAndHowLong } from './words';

/** What the parts of a card need that show who the user is. */
export interface IIdentityProps {
  identity: Identity;
  /** Title of the cluster. */
  title: string;
  /** Execute a command with `{cluster}`. */
  run: (command: string, cluster: string) => void;
  /** Open the menu of an identity below a button. */
  openMenu: (identity: Identity, button: HTMLElement) => void;
  /** The time of the moment. */
  clock: React.Context<number>;
  trans: TranslationBundle;
}

/** In place of figures: what somebody has to do to see any. */
export function LoginOffer(
  props: Pick<IIdentityProps, 'identity' | 'title' | 'run' | 'trans'>
): React.JSX.Element {
  const { identity, title, run, trans } = props;
  const { cluster, interactive, reason, state } = identity;
  const label = interactive ? trans.__('Log in') : trans.__('Try again');
  return (
    <div className="jp-jext-login-offer">
      {reason && <Remark {...reason} />}
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        aria-label={trans.__('%1: %2', label, title)}
        disabled={state === 'renewing'}
        onClick={() =>
          run(interactive ? CommandIDs.login : CommandIDs.renewLogin, cluster)
        }
      >
        {label}
      </button>
    </div>
  );
}

/** Who is logged in, for how long, and what can be done about it. */
export function IdentityLine(props: IIdentityProps): React.JSX.Element {
  const { identity, title, run, openMenu, trans } = props;
  const { cluster, state, interactive, reason, tokens } = identity;
  const now = React.useContext(props.clock);
  const text = whoAndHowLong(identity, now, trans);
  // What is expiring can't be put off any more; what failed can be tried once more.
  const remedy =
    state === 'expiring' && interactive
      ? { label: trans.__('Log in again'), command: CommandIDs.login }
      : state === 'expiring' || state === 'error'
        ? { label: trans.__('Renew'), command: CommandIDs.renewLogin }
        : null;
  const failed = tokens.filter(token => token.error).length;
  return (
    <div className="jp-jext-identity" data-identity={state}>
      <div className="jp-jext-identity-line">
        <button
          type="button"
          className="jp-jext-identity-who"
          title={`${identity.principal}. ${outlook(identity, trans)}`}
          aria-label={trans.__('Login to %1: %2', title, text)}
          aria-haspopup="menu"
          onClick={event => openMenu(identity, event.currentTarget)}
        >
          <userIcon.react tag="span" className="jp-jext-identity-icon" />
          <span className="jp-jext-identity-text">{text}</span>
          <caretDownEmptyThinIcon.react tag="span" />
        </button>
        {remedy && (
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept jp-jext-small"
            aria-label={trans.__('%1: %2', remedy.label, title)}
            onClick={() => run(remedy.command, cluster)}
          >
            {remedy.label}
          </button>
        )}
      </div>
      {reason && <Remark {...reason} />}
      {failed > 0 && (
        <button
          type="button"
          className="jp-jext-link"
          onClick={() => run(CommandIDs.whoAmI, cluster)}
        >
          {trans._n(
            '%1 token has a problem',
            '%1 tokens have a problem',
            failed
          )}
        </button>
      )}
    </div>
  );
}

/** Who is logged in, with details a click away; or the way to log in. */
export function LoginButton(
  props: Pick<IIdentityProps, 'run' | 'trans'> & { identity: Identity | null }
): React.JSX.Element | null {
  const { identity, run, trans } = props;
  if (!identity?.needed) {
    return null;
  }
  const { cluster, user, principal, interactive } = identity;
  if (isLoggedIn(identity)) {
    return (
      <button
        type="button"
        className="jp-mod-styled jp-jext-button"
        title={principal}
        onClick={() => run(CommandIDs.whoAmI, cluster)}
      >
        {trans.__('You are %1', user)}
      </button>
    );
  }
  return (
    <button
      type="button"
      className="jp-mod-styled jp-mod-accept jp-jext-button"
      onClick={() =>
        run(interactive ? CommandIDs.login : CommandIDs.renewLogin, cluster)
      }
    >
      {interactive ? trans.__('Log in') : trans.__('Try again')}
    </button>
  );
}
