import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { clusterChooser } from '../clusters/choose';
import { ClusterService } from '../clusters/service';
import { clusterArgs, CommandIDs } from '../commands';
import { notify } from '../notify';
import { describeError } from '../request';
import { followSettings } from '../settings';
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
  optional: [ITranslator, ILayoutRestorer, ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IStatusModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null
  ): void => {
    const { commands, serviceManager, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const service = new ClusterService(serviceManager.serverSettings);
    const choose = clusterChooser(() => service.list(), commands, trans);
    let confirmsKill = true;
    followSettings(settings, values => {
      confirmsKill = values.confirmKill !== false;
    });
    const tracker = new WidgetTracker<MainAreaWidget<ClusterDetail>>({
      namespace: 'jupyter-ext-details'
    });

    const run = (command: string, cluster: string) => {
      commands.execute(command, { cluster }).catch((error: unknown) => {
        notify(describeError(error), 'error', trans);
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
        confirmsKill: () => confirmsKill,
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
        const cluster = await choose(
          args.cluster,
          trans.__('Show details of a cluster')
        );
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
