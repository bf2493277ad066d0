import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { clusterArgs, CommandIDs, NO_ARGS } from '../commands';
import { describeError } from '../request';
import { clusterChooser } from './choose';
import type { ClusterDialogs } from './dialogs';
import { ClusterService } from './service';

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

    const choose = clusterChooser(() => service.list(), commands, trans);

    /** Do something with one cluster; what goes wrong is shown. */
    const withCluster =
      (title: string, act: (cluster: string) => Promise<void>) =>
      async (args: ReadonlyPartialJSONObject): Promise<void> => {
        const cluster = await choose(args.cluster, title);
        if (cluster === null) {
          return;
        }
        try {
          await act(cluster);
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
