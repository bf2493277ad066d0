import type { TranslationBundle } from '@jupyterlab/translation';

import type { LaunchForm } from '../api';
import type { ISchema, IUiSchema } from '../clusters/schema';
import { formOf } from '../clusters/schema';

/** Values of a launch form. */
export type Values = LaunchForm['values'];

/** Make the form of what may be asked for, with what is known of it at the moment. */
export function launchForm(
  form: LaunchForm,
  trans: TranslationBundle
): { schema: ISchema; uiSchema: IUiSchema } {
  const { schema } = formOf(form.schema as ISchema, [], trans);
  return { schema, uiSchema: form.ui };
}

/** What is known of a field at the moment, in one sentence; empty for nothing. */
export function noteOf(form: LaunchForm, field: string): string {
  return form.limits
    .filter(limit => limit.field === field && limit.note)
    .map(({ note }) => note)
    .join(' ');
}

/** Why a kernel cannot start with these values, by field. */
export function problemsOf(
  schema: ISchema,
  values: Values,
  trans: TranslationBundle
): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const value = values[name];
    const { minimum, maximum, type } = property as {
      minimum?: number;
      maximum?: number;
      type?: string;
    };
    if (type !== 'integer' && type !== 'number') {
      continue;
    }
    if (typeof value !== 'number') {
      problems[name] = trans.__('A number is needed.');
    } else if (type === 'integer' && !Number.isInteger(value)) {
      problems[name] = trans.__('A whole number is needed.');
    } else if (minimum !== undefined && value < minimum) {
      problems[name] = trans.__('%1 is the least.', minimum);
    } else if (maximum !== undefined && value > maximum) {
      problems[name] = trans.__('%1 is the most.', maximum);
    }
  }
  return problems;
}

/** The fields that ask for more than is free, so that the kernel would have to wait. */
export function waitingFor(form: LaunchForm, values: Values): string[] {
  return form.limits
    .filter(({ field, free }) => {
      const value = values[field];
      return free !== null && typeof value === 'number' && value > free;
    })
    .map(({ field }) => field);
}

/** Whether every value of a preset is set. */
export function isSet(preset: Values, values: Values): boolean {
  return Object.entries(preset).every(
    ([name, value]) => JSON.stringify(values[name]) === JSON.stringify(value)
  );
}
