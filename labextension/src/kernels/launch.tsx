import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { IFormComponentProps } from '@jupyterlab/ui-components';
import { FormComponent } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import type { LaunchForm, LaunchRequest } from '../api';
import { VALIDATOR } from '../clusters/edit';
import { FormFooter } from '../clusters/field';
import { describeError } from '../request';
import type { Values } from './limits';
import { isSet, launchForm, noteOf, problemsOf, waitingFor } from './limits';

/** Properties of {@link LaunchView}. */
export interface ILaunchProps {
  /** What is asked, as soon as the server has said it. */
  form: Promise<LaunchForm>;
  /** Keep the values for the kernel; null if nothing is to be asked. */
  start: (launch: LaunchRequest | null) => Promise<void>;
  close: () => void;
  translator: ITranslator;
}

/** The form of what a kernel gets, as soon as it is there. */
export function LaunchView(props: ILaunchProps): React.JSX.Element {
  const { form: asked, start, close, translator } = props;
  const trans = translator.load('jupyter_ext');
  const [form, setForm] = React.useState<LaunchForm | null>(null);
  React.useEffect(() => {
    let over = false;
    const begin = async () => {
      let answer: LaunchForm | null = null;
      try {
        answer = await asked;
      } catch {
        // The start itself says what is wrong, with a way out.
      }
      if (over) {
        return;
      }
      if (answer?.ask) {
        setForm(answer);
      } else {
        await start(null);
        close();
      }
    };
    void begin();
    return () => {
      over = true;
    };
  }, [asked, start, close]);

  if (form) {
    return <LaunchFields {...props} form={form} />;
  }
  return (
    <form className="jp-jext-form" onSubmit={event => event.preventDefault()}>
      <FormFooter
        trans={trans}
        error=""
        busy
        progress={trans.__('Finding out what is free…')}
        submit={trans.__('Start')}
        close={close}
      />
    </form>
  );
}

/** The form of what a kernel gets. */
export function LaunchFields(
  props: Omit<ILaunchProps, 'form'> & { form: LaunchForm }
): React.JSX.Element {
  const { form, start, close, translator } = props;
  const trans = translator.load('jupyter_ext');
  const { schema, uiSchema } = React.useMemo(
    () => launchForm(form, trans),
    [form, trans]
  );
  const [values, setValues] = React.useState<Values>(form.values);
  const [remember, setRemember] = React.useState(false);
  const [silent, setSilent] = React.useState(false);
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState('');
  const root = React.useRef<HTMLFormElement>(null);
  // What had the focus before there was anything to fill in is gone.
  React.useEffect(() => {
    root.current?.querySelector<HTMLElement>('[type=submit]')?.focus();
  }, []);
  const problems = problemsOf(schema, values, trans);
  const context: IContext = {
    defaultFormData: {},
    problems,
    waits: waitingFor(form, values),
    note: field => noteOf(form, field),
    trans
  };

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const [first] = Object.keys(problems);
    if (first) {
      document.getElementById(`${PREFIX}_${first}`)?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      await start({ spec: form.spec, values, remember, ask: !silent });
      close();
    } catch (reason) {
      setError(describeError(reason));
      setBusy(false);
    }
  };

  return (
    <form
      ref={root}
      className="jp-jext-form jp-jext-edit jp-jext-launch"
      noValidate
      onSubmit={event => void submit(event)}
    >
      {form.presets.length > 0 && (
        <div
          className="jp-jext-presets"
          role="group"
          aria-label={trans.__('Presets')}
        >
          {form.presets.map(preset => (
            <button
              key={preset.title}
              type="button"
              className="jp-mod-styled"
              aria-pressed={isSet(preset.values, values)}
              disabled={busy}
              onClick={() => setValues({ ...values, ...preset.values })}
            >
              {preset.title}
            </button>
          ))}
        </div>
      )}
      {form.limits_error && (
        <p className="jp-jext-warning">
          {trans.__('What is free is not known: %1', form.limits_error)}
        </p>
      )}
      <div className="jp-jext-scroll">
        <FormComponent
          // One form inside another is no HTML; this one has its own button.
          tagName="div"
          idPrefix={PREFIX}
          schema={schema as IFormComponentProps['schema']}
          uiSchema={uiSchema}
          formData={values as ReadonlyJSONObject}
          formContext={context}
          templates={TEMPLATES}
          validator={VALIDATOR}
          translator={translator}
          disabled={busy}
          onChange={event => setValues((event.formData ?? {}) as Values)}
        />
      </div>
      <div className="jp-jext-launch-choices">
        <label className="jp-jext-check">
          <input
            type="checkbox"
            checked={remember || silent}
            disabled={busy || silent}
            onChange={event => setRemember(event.target.checked)}
          />
          {trans.__('Remember these values')}
        </label>
        <label
          className="jp-jext-check"
          title={trans.__(
            'The panel of remote kernels has a button that asks again.'
          )}
        >
          <input
            type="checkbox"
            checked={silent}
            disabled={busy}
            onChange={event => setSilent(event.target.checked)}
          />
          {trans.__('Do not ask again')}
        </label>
      </div>
      <FormFooter
        trans={trans}
        error={error}
        busy={busy}
        progress={trans.__('Starting…')}
        submit={trans.__('Start')}
        close={close}
      />
    </form>
  );
}

/** How the ids of the form's elements begin. */
const PREFIX = 'jp-jext-launch';

/** What the fields know beside their own values. */
interface IContext {
  defaultFormData: object;
  problems: Record<string, string>;
  waits: string[];
  note: (field: string) => string;
  trans: TranslationBundle;
}

type FieldTemplate = Exclude<
  NonNullable<IFormComponentProps['templates']>['FieldTemplate'],
  undefined
>;

/** A field: its name on the left, what is known of it below. */
const Field: FieldTemplate = props => {
  const { id, label, schema, children } = props;
  const field = id.slice(PREFIX.length + 1);
  if (!field) {
    return <>{children}</>;
  }
  const { problems, waits, note, trans } = props.formContext as IContext;
  const problem = problems[field];
  return (
    <div className="jp-jext-field" data-field={field}>
      <label htmlFor={id}>{label}</label>
      <span>{children}</span>
      {problem && (
        <div className="jp-jext-field-problem" role="alert">
          {problem}
        </div>
      )}
      <div className="jp-jext-field-help">
        {schema.description} {note(field)}
      </div>
      {waits.includes(field) && !problem && (
        <div className="jp-jext-warning" role="status">
          {trans.__('That is more than is free: the kernel will wait for it.')}
        </div>
      )}
    </div>
  );
};

const TEMPLATES = { FieldTemplate: Field };
