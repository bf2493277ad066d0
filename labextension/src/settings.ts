import { Notification } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import { describeError } from './request';

/** The id of the plugin that owns the settings. */
export const SETTINGS_ID = '@jupyter-ext/labextension:plugin';

/** Apply the settings now and whenever they change. */
export function followSettings(
  registry: ISettingRegistry | null,
  apply: (values: ISettingRegistry.ISettings['composite']) => void
): void {
  registry?.load(SETTINGS_ID).then(
    settings => {
      apply(settings.composite);
      settings.changed.connect(() => {
        apply(settings.composite);
      });
    },
    (error: unknown) => {
      Notification.error(describeError(error));
    }
  );
}
