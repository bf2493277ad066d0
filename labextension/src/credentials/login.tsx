import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ChangePassword, Identity, Login } from '../api';
import { Field } from '../clusters/field';
import type { IProblem } from './attempt';
import { useAttempt } from './attempt';
import { ChangeForm } from './change';
import { Footer, ProblemNote, Who } from './parts';
import { PasswordField } from './password';

/** Properties of {@link LoginForm}. */
export interface ILoginProps {
  /** Realm, or host of the gateway or directory, that asks for the password. */
  realm: string;
  /** Whether a KDC is asked. */
  kerberos: boolean;
  /** The name that the form starts with. */
  user: string;
  /** Whether a login of that user has ended, so that the password is all that is missing. */
  again: boolean;
  login: (body: Login, signal: AbortSignal) => Promise<Identity>;
  change: (body: ChangePassword, signal: AbortSignal) => Promise<Identity>;
  /** Called with who is logged in, and whether the password was changed for it. */
  onLogin: (identity: Identity, changed: boolean) => void;
  close: () => void;
  trans: TranslationBundle;
}

/** Asks for name and password, or for a new password where the old one has expired. */
export function LoginForm(props: ILoginProps): React.JSX.Element {
  const [expired, setExpired] = React.useState<IExpired | null>(null);
  return expired ? (
    <ChangeForm {...props} {...expired} />
  ) : (
    <NameAndPassword {...props} onExpired={setExpired} />
  );
}

/** Whose password has to be changed, and what the server said about it. */
interface IExpired {
  user: string;
  reason: IProblem;
}

function NameAndPassword(
  props: ILoginProps & { onExpired: (expired: IExpired) => void }
): React.JSX.Element {
  const { login, onLogin, onExpired, close, trans } = props;
  const [user, setUser] = React.useState(props.user);
  const [again, setAgain] = React.useState(props.again && props.user !== '');
  const [missing, setMissing] = React.useState<'user' | 'password' | null>(
    null
  );
  const { busy, problem, run } = useAttempt();
  const name = React.useRef<HTMLInputElement>(null);
  const password = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    if (problem?.code === 'password_expired') {
      onExpired({ user: user.trim(), reason: problem });
    } else if (problem) {
      password.current!.value = '';
      const unknown = problem.code === 'unknown_user' && name.current;
      (unknown || password.current!).focus();
    }
  }, [problem]);

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const body = { user: user.trim(), password: password.current!.value };
    const lacks = !body.user ? 'user' : !body.password ? 'password' : null;
    setMissing(lacks);
    if (lacks) {
      ({ user: name, password })[lacks].current?.focus();
      return;
    }
    const identity = await run(signal => login(body, signal));
    if (identity) {
      onLogin(identity, false);
      close();
    }
  };

  return (
    <form
      className="jp-jext-form jp-jext-login"
      noValidate
      onSubmit={event => void submit(event)}
    >
      <Who {...props} user={again ? user : ''}>
        {again && (
          <button
            type="button"
            className="jp-jext-link"
            onClick={() => setAgain(false)}
          >
            {trans.__('Somebody else?')}
          </button>
        )}
      </Who>
      {!again && (
        <Field
          id="jp-jext-login-user"
          label={trans.__('User')}
          problem={missing === 'user' ? trans.__('Type your user name.') : ''}
        >
          <input
            ref={name}
            name="jp-jext-login-user"
            className="jp-mod-styled"
            value={user}
            autoComplete="username"
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            readOnly={busy}
            onChange={event => setUser(event.target.value)}
          />
        </Field>
      )}
      <PasswordField
        ref={password}
        id="jp-jext-login-password"
        label={trans.__('Password')}
        autoComplete="current-password"
        problem={missing === 'password' ? trans.__('Type your password.') : ''}
        readOnly={busy}
        trans={trans}
      />
      {problem && <ProblemNote problem={problem} />}
      <Footer
        busy={busy}
        waitsFor={props}
        submit={trans.__('Log in')}
        close={close}
        trans={trans}
      />
    </form>
  );
}
