import React from 'react';

import type { IProblem } from './attempt';
import { useAttempt } from './attempt';
import type { ILoginProps } from './login';
import { Footer, ProblemNote, Who } from './parts';
import { PasswordField } from './password';

/** Asks for the old password and, twice, for a new one. */
export function ChangeForm(
  props: ILoginProps & {
    user: string;
    /** Why it has to be changed. */
    reason: IProblem;
  }
): React.JSX.Element {
  const { user, reason, change, onLogin, close, trans } = props;
  const [wrong, setWrong] = React.useState<IWrong | null>(null);
  const { busy, problem, run } = useAttempt(reason);
  const inputs = {
    old: React.useRef<HTMLInputElement>(null),
    fresh: React.useRef<HTMLInputElement>(null),
    repeat: React.useRef<HTMLInputElement>(null)
  };
  const { old, fresh, repeat } = inputs;
  React.useEffect(() => {
    if (problem) {
      // Whoever wants a better new password has accepted the old one.
      const rejected = problem.code === 'password_rejected';
      for (const input of rejected ? [fresh, repeat] : [old, fresh, repeat]) {
        input.current!.value = '';
      }
      (rejected ? fresh : old).current!.focus();
    }
  }, [problem]);

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const body = {
      user,
      password: old.current!.value,
      new_password: fresh.current!.value
    };
    const found: IWrong | null = !body.password
      ? { field: 'old', text: trans.__('Type your present password.') }
      : !body.new_password
        ? { field: 'fresh', text: trans.__('Type a new password.') }
        : body.new_password !== repeat.current!.value
          ? { field: 'repeat', text: trans.__('The two are not the same.') }
          : null;
    setWrong(found);
    if (found) {
      inputs[found.field].current!.focus();
      return;
    }
    const identity = await run(signal => change(body, signal));
    if (identity) {
      onLogin(identity, true);
      close();
    }
  };

  const field = (
    name: IWrong['field'],
    label: string,
    autoComplete: 'current-password' | 'new-password'
  ) => (
    <PasswordField
      ref={inputs[name]}
      id={`jp-jext-password-${name}`}
      label={label}
      autoComplete={autoComplete}
      problem={wrong?.field === name ? wrong.text : ''}
      readOnly={busy}
      trans={trans}
    />
  );
  return (
    <form
      className="jp-jext-form jp-jext-login"
      noValidate
      onSubmit={event => void submit(event)}
    >
      <Who {...props} />
      {problem && <ProblemNote problem={problem} />}
      {field('old', trans.__('Present password'), 'current-password')}
      {field('fresh', trans.__('New password'), 'new-password')}
      {field('repeat', trans.__('New one again'), 'new-password')}
      <Footer
        busy={busy}
        waitsFor={props}
        submit={trans.__('Change and log in')}
        close={close}
        trans={trans}
      />
    </form>
  );
}

/** A field that is not filled in right. */
interface IWrong {
  field: 'old' | 'fresh' | 'repeat';
  text: string;
}
