import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  InputDialog,
  Notification,
  showErrorMessage
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { clusterArgs, CommandIDs, NO_ARGS } from '../commands';
import { describeError } from '../request';
import type { ClusterDialogs } from './dialogs';
import { ClusterService } from './service';

/** Arguments of a command that concerns one cluster. */
/** Adds, edits, removes and examines clusters. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: '@jupyter-ext/labextension:clusters',
  description: 'Adds, edits, removes and examines Hadoop clusters.',
  autoStart: true,
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const service = new ClusterService(app.serviceManager.serverSettings);
    // Loaded when the first of them is opened: forms take longer to load than everything else.
    const dialogs = async (): Promise<ClusterDialogs> => {
      const { ClusterDialogs } = await import('./dialogs');
      return new ClusterDialogs(
        service,
        commands,
        translator ?? nullTranslator
      );
    };

    /** The cluster a command is about: its argument, or what the user picks. */
    const chosen = async (
      args: ReadonlyPartialJSONObject,
      title: string
    ): Promise<string | null> => {
      if (typeof args.cluster === 'string') {
        return args.cluster;
      }
      const names = (await service.list()).map(profile => profile.name);
      if (names.length === 0) {
        Notification.info(trans.__('There is no cluster yet.'), {
          actions: [
            {
              label: trans.__('Add a cluster…'),
              callback: () => void commands.execute(CommandIDs.add)
            }
          ]
        });
        return null;
      }
      const { button, value } = await InputDialog.getItem({
        title,
        items: names
      });
      return button.accept ? value : null;
    };

    /** Do something with one cluster; what goes wrong is shown. */
    const withCluster =
      (title: string, act: (cluster: string) => Promise<void>) =>
      async (args: ReadonlyPartialJSONObject): Promise<void> => {
        try {
          const cluster = await chosen(args, title);
          if (cluster !== null) {
            await act(cluster);
          }
        } catch (error) {
          await showErrorMessage(title, describeError(error));
        }
      };

    commands.addCommand(CommandIDs.add, {
      label: trans.__('Add a Cluster…'),
      caption: trans.__(
        'Make a profile of an archive, a directory or a URL of Hadoop configuration'
      ),
      describedBy: NO_ARGS,
      execute: async () => (await dialogs()).add()
    });
    commands.addCommand(CommandIDs.edit, {
      label: trans.__('Edit a Cluster…'),
      caption: trans.__("Change what a cluster's profile says"),
      describedBy: clusterArgs(trans),
      execute: withCluster(trans.__('Edit a cluster'), async name =>
        (await dialogs()).edit(name)
      )
    });
    commands.addCommand(CommandIDs.remove, {
      label: trans.__('Remove a Cluster…'),
      caption: trans.__(
        "Remove a cluster's profile; the cluster itself stays as it is"
      ),
      describedBy: clusterArgs(trans),
      execute: withCluster(trans.__('Remove a cluster'), async name =>
        (await dialogs()).remove(name)
      )
    });
    commands.addCommand(CommandIDs.doctor, {
      label: trans.__('Run the Checks of a Cluster…'),
      caption: trans.__(
        'Look at names, ports, certificates, clocks, logins and daemons'
      ),
      describedBy: clusterArgs(trans),
      execute: withCluster(
        trans.__('Run the checks of a cluster'),
        async name => (await dialogs()).doctor(name)
      )
    });

    for (const command of [
      CommandIDs.add,
      CommandIDs.edit,
      CommandIDs.remove,
      CommandIDs.doctor
    ]) {
      palette?.addItem({ command, category: trans.__('Clusters') });
    }
  }
};

export default plugin;
