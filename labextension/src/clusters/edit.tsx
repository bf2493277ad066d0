import type { ITranslator } from '@jupyterlab/translation';
import type { IFormComponentProps } from '@jupyterlab/ui-components';
import { FormComponent } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import React from 'react';

import type { Profile } from '../api';
import { describeError } from '../request';
import { FormFooter } from './field';
import type { ISchema } from './schema';
import { formOf, prune } from './schema';

/** The server checks what it gets and says what is wrong; a second judge could only disagree. */
export const VALIDATOR: IFormComponentProps['validator'] = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  toErrorList: () => [],
  isValid: () => true,
  rawValidation: () => ({})
};

/** Properties of {@link EditForm}. */
export interface IEditProps {
  translator: ITranslator;
  profile: Profile;
  /** JSON Schema of a profile's configuration. */
  schema: ISchema;
  edit: (name: string, config: object) => Promise<Profile>;
  onEdited: (profile: Profile) => void;
  close: () => void;
}

/** The form of what a profile's cluster.toml says. */
export function EditForm(props: IEditProps): JSX.Element {
  const { translator, profile, schema, edit, onEdited, close } = props;
  const trans = translator.load('jupyter_ext');
  const form = React.useMemo(
    () => formOf(schema, profile.locked, trans),
    [schema, profile, trans]
  );
  const [data, setData] = React.useState(
    () => (prune(profile.config) ?? {}) as ReadonlyJSONObject
  );
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState('');

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    setBusy(true);
    setError('');
    try {
      const config = (prune(data) ?? {}) as object;
      onEdited(
        await edit(profile.name, { ...config, locked: profile.config.locked })
      );
      close();
    } catch (reason) {
      setError(describeError(reason));
      setBusy(false);
    }
  };

  return (
    <form
      className="jp-jext-form jp-jext-edit"
      noValidate
      onSubmit={event => void submit(event)}
    >
      <div className="jp-jext-scroll">
        <FormComponent
          // One form inside another is no HTML; this one has its own button.
          tagName="div"
          idPrefix="jp-jext-edit"
          schema={form.schema as IFormComponentProps['schema']}
          uiSchema={form.uiSchema}
          formData={data}
          formContext={{ defaultFormData: {} }}
          validator={VALIDATOR}
          translator={translator}
          disabled={busy}
          onChange={event => setData(event.formData ?? {})}
        />
      </div>
      <FormFooter
        trans={trans}
        error={error}
        busy={busy}
        progress={trans.__('Saving…')}
        submit={trans.__('Save')}
        close={close}
      />
    </form>
  );
}
