import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { PartialJSONObject } from '@lumino/coreutils';

/** The contexts under which JupyterLab looks for a schema's own and its properties' strings. */
export const SCHEMA_CONTEXT = 'schema';
export const SETTINGS_CONTEXT = 'settings';

/** Keys whose values people read. */
const WORDS = ['title', 'description'] as const;

/**
 * Put the words of a settings schema into the user's language.
 *
 * The server does so only for catalogues that come in a language pack; ours comes with the package.
 */
export function translateSchema(
  schema: ISettingRegistry.ISchema,
  trans: TranslationBundle
): ISettingRegistry.ISchema {
  const properties: Record<string, ISettingRegistry.IProperty> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    properties[name] = translate(property, SETTINGS_CONTEXT, trans);
  }
  return { ...translate(schema, SCHEMA_CONTEXT, trans), properties };
}

function translate<T extends PartialJSONObject>(
  node: T,
  context: string,
  trans: TranslationBundle
): T {
  const changes: Record<string, string> = {};
  for (const word of WORDS) {
    const text = node[word];
    if (typeof text === 'string') {
      // eslint-disable-next-line jupyter/no-dynamic-translation -- the strings are in the schema
      changes[word] = trans._p(context, text);
    }
  }
  return { ...node, ...changes };
}
