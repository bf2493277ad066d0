import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import {
  ICommandPalette,
  InputDialog,
  MainAreaWidget,
  Notification,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { clusterArgs, CommandIDs } from '../commands';
import { describeError } from '../request';
import { ClusterClient } from './client';
import type { ClusterDetail } from './detail';
import { clustersIcon } from './icons';
import { IStatusModel } from './tokens';

/** Detail views of clusters in the main area. */
export const detailPlugin: JupyterFrontEndPlugin<void> = {
  id: '@jupyter-ext/labextension:details',
  description: 'Shows everything about one Hadoop cluster in the main area.',
  autoStart: true,
  requires: [IStatusModel],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: IStatusModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands, serviceManager, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const tracker = new WidgetTracker<MainAreaWidget<ClusterDetail>>({
      namespace: 'jupyter-ext-details'
    });

    const run = (command: string, cluster: string) => {
      commands.execute(command, { cluster }).catch((error: unknown) => {
        Notification.error(describeError(error));
      });
    };

    const open = async (
      cluster: string
    ): Promise<MainAreaWidget<ClusterDetail>> => {
      const { ClusterDetail } = await import('./detail');
      const known = tracker.find(({ content }) => content.cluster === cluster);
      if (known) {
        return known;
      }
      const content = new ClusterDetail({
        cluster,
        model,
        client: new ClusterClient(cluster, serviceManager.serverSettings),
        run,
        trans
      });
      const widget = new MainAreaWidget({ content });
      widget.id = `jp-jext-detail-${cluster}`;
      void tracker.add(widget);
      return widget;
    };

    commands.addCommand(CommandIDs.details, {
      label: args =>
        typeof args.cluster === 'string'
          ? trans.__('Show Details of %1', args.cluster)
          : trans.__('Show Details of a Cluster…'),
      icon: clustersIcon,
      describedBy: clusterArgs(trans),
      execute: async args => {
        const cluster =
          typeof args.cluster === 'string'
            ? args.cluster
            : await chooseCluster(model, trans.__('Show details of'));
        if (cluster === null) {
          return null;
        }
        const widget = await open(cluster);
        if (!widget.isAttached) {
          shell.add(widget, 'main');
        }
        shell.activateById(widget.id);
        return widget;
      }
    });
    palette?.addItem({
      command: CommandIDs.details,
      category: trans.__('Clusters')
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.details,
      args: ({ content }) => ({ cluster: content.cluster }),
      name: ({ content }) => content.cluster
    });
  }
};

/** Let the user pick a cluster; the only one is not asked about. */
async function chooseCluster(
  model: IStatusModel,
  title: string
): Promise<string | null> {
  const names = model.cards.map(card => card.profile.name);
  if (names.length <= 1) {
    return names[0] ?? null;
  }
  const { button, value } = await InputDialog.getItem({ title, items: names });
  return button.accept ? value : null;
}
