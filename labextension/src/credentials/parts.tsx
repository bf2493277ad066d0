import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { useElapsed } from '../clusters/elapsed';
import { DialogButton } from '../clusters/field';

/** Who wants to know a password. */
export interface IAsker {
  /** Realm, or host of the gateway or directory. */
  realm: string;
  /** Whether it is a KDC. */
  kerberos: boolean;
}

/** Who asks, and whom, where that is certain. */
export function Who(
  props: IAsker & {
    user?: string;
    children?: React.ReactNode;
    trans: TranslationBundle;
  }
): React.JSX.Element {
  const { realm, kerberos, user, children, trans } = props;
  return (
    <dl className="jp-jext-who">
      <dt>{kerberos ? trans.__('Realm') : trans.__('Server')}</dt>
      <dd>{realm || '–'}</dd>
      {user && (
        <>
          <dt>{trans.__('User')}</dt>
          <dd>
            {user} {children}
            {/* For password managers. */}
            <input value={user} autoComplete="username" readOnly hidden />
          </dd>
        </>
      )}
    </dl>
  );
}

/** What failed just now, and what to do about it. */
export function ProblemNote(props: { problem: IReason }): React.JSX.Element {
  return (
    <div role="alert" className="jp-jext-error">
      <Reason {...props.problem} />
    </div>
  );
}

/** What does not work since some time, and what to do about it. */
export function Remark(props: IReason): React.JSX.Element {
  return (
    <div className="jp-jext-warning">
      <Reason {...props} />
    </div>
  );
}

/** Why something does not work, in the server's words. */
export interface IReason {
  message: string;
  hint: string;
}

function Reason({ message, hint }: IReason): React.JSX.Element {
  return (
    <>
      <p>{message}</p>
      {hint && <p className="jp-jext-hint">{hint}</p>}
    </>
  );
}

/** The last line of a form: whom it waits for, Cancel, and the button that sends it. */
export function Footer(props: {
  busy: boolean;
  /** Who is asked; shown when the answer takes a second or more. */
  waitsFor: IAsker;
  submit: string;
  close: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { busy, waitsFor, submit, close, trans } = props;
  const seconds = useElapsed(busy);
  const asking = waitsFor.kerberos
    ? trans.__('Asking the KDC…')
    : trans.__('Asking %1…', waitsFor.realm);
  return (
    <div className="jp-jext-buttons">
      <span role="status" className="jp-jext-progress">
        {busy && seconds >= 1 && trans.__('%1 %2 s', asking, seconds)}
      </span>
      <DialogButton onClick={close}>{trans.__('Cancel')}</DialogButton>
      {/* Not disabled: that would take the focus away from whoever uses the keyboard. */}
      <DialogButton type="submit" accept aria-disabled={busy}>
        {submit}
      </DialogButton>
    </div>
  );
}
