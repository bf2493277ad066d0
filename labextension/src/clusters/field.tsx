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
        <DialogButton onClick={close}>
          {busy ? trans.__('Close') : trans.__('Cancel')}
        </DialogButton>
        <DialogButton type="submit" accept disabled={busy}>
          {submit}
        </DialogButton>
      </div>
    </>
  );
}

/** A button that looks like those of every other dialog. */
export function DialogButton(
  props: React.ButtonHTMLAttributes<HTMLButtonElement> & { accept?: boolean }
): JSX.Element {
  const { accept, type = 'button', ...others } = props;
  return (
    <button
      className={`jp-Dialog-button jp-mod-styled ${accept ? 'jp-mod-accept' : 'jp-mod-reject'}`}
      type={type}
      {...others}
    />
  );
}
