import { TranslationManager } from '@jupyterlab/translation';
import { readFileSync } from 'fs';
import { resolve } from 'path';

import type { ISchema } from '../../clusters/schema';
import { formOf } from '../../clusters/schema';
import { translateSchema } from '../schema';
import type { Catalogue } from './strings';
import { configSchema, extract } from './strings';

const labextension = resolve(__dirname, '../../..');

function catalogue(language: string): Catalogue {
  const path = `../jupyter_ext/locale/${language}/LC_MESSAGES/jupyter_ext.json`;
  return JSON.parse(readFileSync(resolve(labextension, path), 'utf8'));
}

/** %1, %2 ... of a string, each once. */
function placeholders(text: string): string[] {
  return [...new Set(text.match(/%\d/g) ?? [])].sort();
}

describe('catalogues', () => {
  const strings = extract(labextension);

  it.each(['en', 'zh_CN'])('%s has every string and no other', language => {
    const { '': head, ...entries } = catalogue(language);
    expect(Object.keys(entries).sort()).toEqual(strings);
    expect(head).toMatchObject({
      domain: 'jupyter_ext',
      language: language.replace('_', '-')
    });
  });

  it('Chinese keeps what is filled in', () => {
    const english = catalogue('en');
    const chinese = catalogue('zh_CN');
    for (const key of strings) {
      const [text] = chinese[key] as string[];
      // The plural where there is one: a singular may do without its number.
      const original = (english[key] as string[]).slice(-1)[0];
      expect([key, placeholders(text)]).toEqual([key, placeholders(original)]);
    }
  });

  it('JupyterLab finds the strings in it, plurals and settings too', async () => {
    const manager = new TranslationManager('', undefined, undefined, {
      fetch: async () => ({
        data: { jupyter_ext: catalogue('zh_CN') },
        message: ''
      })
    } as never);
    await manager.fetch('zh_CN');
    const trans = manager.load('jupyter_ext');
    expect(trans.__('Login needed')).toBe('需要登录');
    expect(trans.__('Kill %1', 'app')).toBe('终止 app');
    expect(trans._n('%1 check failed.', '%1 checks failed.', 2)).toBe(
      '2 项检查未通过。'
    );
    const schema = translateSchema(
      {
        type: 'object',
        title: 'Clusters',
        properties: { a: { title: 'Poll while hidden', type: 'boolean' } }
      },
      trans
    );
    expect(schema.title).toBe('集群');
    expect(schema.properties?.['a'].title).toBe('隐藏时继续轮询');
  });

  it('leaves no word of the edit form to the schema', () => {
    const mark = (text: string) => `«${text}»`;
    const { schema } = formOf(configSchema(labextension), [], {
      __: mark,
      _p: (_: string, text: string) => mark(text)
    } as never);
    const words = (node: ISchema): unknown[] =>
      Object.values(node.properties ?? {}).flatMap(property => [
        property.title,
        ...(property.description ? [property.description] : []),
        ...words(property)
      ]);
    const unmarked = words(schema).filter(word => !/^«.*»$/.test(String(word)));
    expect(unmarked).toEqual([]);
  });
});
