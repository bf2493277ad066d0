import type { TranslationBundle } from '@jupyterlab/translation';
import { readdirSync, readFileSync, statSync } from 'fs';
import { join } from 'path';
import * as ts from 'typescript';

import type { ISchema as IFormSchema } from '../../clusters/schema';
import { formOf } from '../../clusters/schema';
import { SCHEMA_CONTEXT, SETTINGS_CONTEXT } from '../schema';

/** What gettext puts between a context and the string. */
const CONTEXT_END = '\u0004';

/** A catalogue as JupyterLab reads it: its head under the empty key, then each string's forms. */
export type Catalogue = Record<string, unknown>;

/** Every string of the front end that goes through a translator, in order of its key. */
export function extract(labextension: string): string[] {
  const found = new Set<string>();
  for (const file of sources(join(labextension, 'src'))) {
    const text = readFileSync(file, 'utf8');
    const root = ts.createSourceFile(file, text, ts.ScriptTarget.ES2020, true);
    const visit = (node: ts.Node): void => {
      if (
        ts.isCallExpression(node) &&
        ts.isPropertyAccessExpression(node.expression)
      ) {
        const method = node.expression.name.text;
        const [first, second] = node.arguments;
        if (method === '__' || method === '_n') {
          add(found, first);
        } else if (method === '_p' && ts.isStringLiteralLike(first)) {
          add(found, second, `${first.text}${CONTEXT_END}`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(root);
  }
  for (const name of readdirSync(join(labextension, 'schema'))) {
    addSchema(
      found,
      JSON.parse(readFileSync(join(labextension, 'schema', name), 'utf8'))
    );
  }
  addForm(found, labextension);
  return [...found].sort();
}

/** The schema of a profile's configuration, as the server sends it to the edit form. */
export function configSchema(labextension: string): IFormSchema {
  const { $defs } = JSON.parse(
    readFileSync(join(labextension, 'api.schema.json'), 'utf8')
  );
  return { $ref: '#/$defs/ClusterConfig', $defs };
}

/** What the edit form says because the schema does. */
function addForm(found: Set<string>, labextension: string): void {
  formOf(configSchema(labextension), [], {
    __: (text: string) => text,
    _p: (context: string, text: string) => {
      found.add(`${context}${CONTEXT_END}${text}`);
      return text;
    }
  } as TranslationBundle);
}

function add(found: Set<string>, node: ts.Expression, context = ''): void {
  if (node && ts.isStringLiteralLike(node)) {
    found.add(`${context}${node.text}`);
  }
}

interface ISchema {
  title?: string;
  description?: string;
  properties?: Record<string, ISchema>;
}

function addSchema(found: Set<string>, schema: ISchema): void {
  for (const text of [schema.title, schema.description]) {
    found.add(`${SCHEMA_CONTEXT}${CONTEXT_END}${text}`);
  }
  for (const property of Object.values(schema.properties ?? {})) {
    for (const text of [property.title, property.description]) {
      found.add(`${SETTINGS_CONTEXT}${CONTEXT_END}${text}`);
    }
  }
}

function sources(directory: string): string[] {
  return readdirSync(directory).flatMap(name => {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) {
      return name === '__tests__' ? [] : sources(path);
    }
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}
