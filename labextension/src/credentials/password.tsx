import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/**
 * A field for a password.
 *
 * What is typed stays in the input element alone, where whoever sends it reads it, and is wiped
 * when the element goes away: React's state would keep copies of it.
 */
export const PasswordField = React.forwardRef<
  HTMLInputElement,
  {
    id: string;
    label: string;
    autoComplete: 'current-password' | 'new-password';
    /** What is wrong with it. */
    problem?: string;
    readOnly?: boolean;
    trans: TranslationBundle;
  }
>(function PasswordField(props, ref) {
  const { id, label, problem, trans } = props;
  const [shown, setShown] = React.useState(false);
  const [capsLock, setCapsLock] = React.useState(false);
  const input = React.useRef<HTMLInputElement>(null);
  React.useImperativeHandle(ref, () => input.current!);
  React.useEffect(() => {
    const node = input.current!;
    return () => {
      node.value = '';
    };
  }, []);
  const look = (event: React.KeyboardEvent) =>
    setCapsLock(event.getModifierState('CapsLock'));
  const note = `${id}-note`;
  return (
    <div className="jp-jext-field">
      <label htmlFor={id}>{label}</label>
      <div className="jp-jext-password">
        <input
          ref={input}
          id={id}
          name={id}
          className="jp-mod-styled"
          type={shown ? 'text' : 'password'}
          autoComplete={props.autoComplete}
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
          readOnly={props.readOnly}
          aria-invalid={problem ? true : undefined}
          aria-describedby={note}
          onKeyDown={look}
          onKeyUp={look}
          onBlur={() => setCapsLock(false)}
        />
        <button
          type="button"
          className="jp-mod-styled jp-jext-reveal"
          aria-pressed={shown}
          aria-controls={id}
          onClick={() => {
            setShown(!shown);
            input.current?.focus();
          }}
        >
          {shown ? trans.__('Hide') : trans.__('Show')}
          <span className="jp-jext-unseen">{label}</span>
        </button>
      </div>
      <div id={note} className="jp-jext-password-notes">
        {problem && <div className="jp-jext-field-problem">{problem}</div>}
        <div role="status" className="jp-jext-field-help">
          {capsLock && trans.__('⇪ Caps Lock is on.')}
        </div>
      </div>
    </div>
  );
});
