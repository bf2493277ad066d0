import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { useElapsed } from './elapsed';

/** A labelled control with what is wrong about it below. */
export function Field(props: {
  id: string;
  label: string;
  problem?: string;
  help?: string;
  children: React.ReactElement;
}): JSX.Element {
  const { id, label, problem, help, children } = props;
  const note = `${id}-note`;
  return (
    <div className="jp-jext-field">
      <label htmlFor={id}>{label}</label>
      {React.cloneElement(children, {
        id,
        'aria-invalid': problem ? true : undefined,
        'aria-describedby': problem || help ? note : undefined
      })}
      {(problem || help) && (
        <div
          id={note}
          className={problem ? 'jp-jext-field-problem' : 'jp-jext-field-help'}
        >
          {problem || help}
        </div>
      )}
    </div>
  );
}

/** The last part of a form: error of the last try, progress, Cancel and the button that does it. */
export function FormFooter(props: {
  trans: TranslationBundle;
  error: string;
  busy: boolean;
  /** What is being done, shown while busy. */
  progress: string;
  submit: string;
  close: () => void;
}): JSX.Element {
  const { trans, error, busy, progress, submit, close } = props;
  const seconds = useElapsed(busy);
  const closer = React.useRef<HTMLButtonElement>(null);
  const submitter = React.useRef<HTMLButtonElement>(null);
  // What had the focus is disabled meanwhile, and a dialog without the focus hears no key.
  React.useEffect(() => {
    if (busy) {
      closer.current?.focus();
    } else if (error) {
      submitter.current?.focus();
    }
  }, [busy, error]);
  return (
    <>
      {error && (
        <div role="alert" className="jp-jext-error">
          {error}
        </div>
      )}
      <div className="jp-jext-buttons">
        <span role="status" className="jp-jext-progress">
          {busy && trans.__('%1 %2 s', progress, seconds)}
        </span>
        <DialogButton ref={closer} onClick={close}>
          {busy ? trans.__('Close') : trans.__('Cancel')}
        </DialogButton>
        <DialogButton ref={submitter} type="submit" accept disabled={busy}>
          {submit}
        </DialogButton>
      </div>
    </>
  );
}

/** A button that looks like those of every other dialog. */
export const DialogButton = React.forwardRef<
  HTMLButtonElement,
  React.ButtonHTMLAttributes<HTMLButtonElement> & { accept?: boolean }
>(function DialogButton(props, ref) {
  const { accept, type = 'button', ...others } = props;
  return (
    <button
      ref={ref}
      className={`jp-Dialog-button jp-mod-styled ${accept ? 'jp-mod-accept' : 'jp-mod-reject'}`}
      type={type}
      {...others}
    />
  );
});
