import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  Notification,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, NO_ARGS } from '../commands';
import { SandboxModel } from './model';

/** Starts and stops the sandbox. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: '@jupyter-ext/labextension:sandbox',
  description: 'Starts and stops a sandbox of real Hadoop clusters.',
  autoStart: true,
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const open = () =>
      new SandboxModel({ serverSettings: app.serviceManager.serverSettings });

    commands.addCommand(CommandIDs.sandboxStart, {
      label: trans.__('Start the Sandbox'),
      caption: trans.__('Start two small, real Hadoop clusters on the server'),
      describedBy: NO_ARGS,
      execute: () => start(open(), trans)
    });
    commands.addCommand(CommandIDs.sandboxStop, {
      label: trans.__('Stop the Sandbox'),
      caption: trans.__("End the sandbox's clusters; their data stay"),
      describedBy: NO_ARGS,
      execute: () => stop(open(), trans)
    });
    for (const command of [CommandIDs.sandboxStart, CommandIDs.sandboxStop]) {
      palette?.addItem({ command, category: trans.__('Clusters') });
    }
  }
};

export default plugin;

/**
 * Start the sandbox, telling how it goes.
 *
 * @param model - Disposed of at the end.
 * @returns When it runs or has failed.
 */
export async function start(
  model: SandboxModel,
  trans: TranslationBundle
): Promise<void> {
  const begin = Date.now();
  const id = Notification.emit(
    trans.__('Starting the sandbox…'),
    'in-progress',
    { autoClose: false }
  );
  try {
    await settled(model, () => {
      const message =
        model.error || model.status?.message || trans.__('starting');
      const seconds = Math.floor((Date.now() - begin) / 1000);
      Notification.update({
        id,
        message: trans.__('Sandbox: %1 (%2 s)', message, seconds)
      });
    });
    if (model.status?.state === 'running' && !model.error) {
      const names = model.status.clusters.map(cluster => cluster.name);
      Notification.update({
        id,
        type: 'success',
        autoClose: 5000,
        message: trans.__('The sandbox is running: %1.', names.join(', '))
      });
    } else {
      report(id, model, trans.__('The sandbox could not be started.'), trans);
    }
  } finally {
    model.dispose();
  }
}

/** Stop the sandbox, telling how it went; see {@link start}. */
export async function stop(
  model: SandboxModel,
  trans: TranslationBundle
): Promise<void> {
  const id = Notification.emit(
    trans.__('Stopping the sandbox…'),
    'in-progress',
    { autoClose: false }
  );
  try {
    await model.stop();
    if (model.error || model.status?.state === 'failed') {
      report(id, model, trans.__('The sandbox could not be stopped.'), trans);
    } else {
      Notification.update({
        id,
        type: 'success',
        autoClose: 5000,
        message: trans.__('The sandbox is stopped; its data stay.')
      });
    }
  } finally {
    model.dispose();
  }
}

/** Start, and wait until the start is over. */
async function settled(
  model: SandboxModel,
  onProgress: () => void
): Promise<void> {
  const over = new Promise<void>(resolve => {
    model.changed.connect(function look(this: void) {
      if (model.busy) {
        onProgress();
      } else {
        resolve();
      }
    }, model);
  });
  await model.start();
  await over;
}

/** A notification is short; the whole story, with the packages to install, is one click away. */
function report(
  id: string,
  model: SandboxModel,
  summary: string,
  trans: TranslationBundle
): void {
  const missing = model.status?.missing ?? [];
  const story = [
    model.error || model.status?.message,
    missing.length && `apt-get install ${missing.join(' ')}`
  ]
    .filter(Boolean)
    .join('\n');
  Notification.update({
    id,
    type: 'error',
    autoClose: false,
    message: summary,
    actions: [
      {
        label: trans.__('Details'),
        callback: () => void showErrorMessage(summary, story)
      }
    ]
  });
}
