import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { SETTINGS_ID } from '../settings';
import { translateSchema } from './schema';

/** The words of the settings editor, in the user's language. */
export const localePlugin: JupyterFrontEndPlugin<void> = {
  id: '@jupyter-ext/labextension:locale',
  description: 'Translates the settings of the Hadoop clusters.',
  autoStart: true,
  requires: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    settings: ISettingRegistry,
    translator: ITranslator
  ): void => {
    const trans = translator.load('jupyter_ext');
    settings.transform(SETTINGS_ID, {
      fetch: plugin => ({
        ...plugin,
        schema: translateSchema(plugin.schema, trans)
      })
    });
  }
};
