import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { clusterChooser } from '../clusters/choose';
import { ClusterService } from '../clusters/service';
import { CommandIDs } from '../commands';
import { SETTINGS_ID } from '../settings';
import { IStatusModel } from '../status/tokens';
import { ClusterBadge } from './badge';
import { NotebookKernels } from './kernels';

/** Name of the toolbar item, as in the settings schema. */
const ITEM = 'jupyter-ext-cluster';

/** The badge in the notebook toolbar, and the command that switches a kernel. */
export const kernelPlugin: JupyterFrontEndPlugin<void> = {
  id: '@jupyter-ext/labextension:kernel',
  description:
    'Shows which Hadoop cluster a notebook works on, and switches it to another.',
  autoStart: true,
  requires: [IStatusModel, INotebookTracker, IToolbarWidgetRegistry],
  optional: [ITranslator, ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    status: IStatusModel,
    tracker: INotebookTracker,
    toolbar: IToolbarWidgetRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    settingRegistry: ISettingRegistry | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const service = new ClusterService(app.serviceManager.serverSettings);
    const choose = clusterChooser(() => service.list(), app.commands, trans);
    const settings = settingRegistry
      ?.load(SETTINGS_ID)
      // Who owns the settings says that they can't be read; the default holds.
      .catch(() => null);
    const kernels = new NotebookKernels(status, trans, async () => {
      const value = (await settings)?.get('restoreCluster').composite;
      return value !== false;
    });

    toolbar.addFactory<NotebookPanel>('Notebook', ITEM, panel => {
      return new ClusterBadge({
        kernel: kernels.of(panel),
        status,
        commands: app.commands,
        trans,
        notebook: () => panel.context.path
      });
    });

    app.commands.addCommand(CommandIDs.use, {
      label: args => {
        const name = args['cluster'] as string | undefined;
        return name
          ? (status.card(name)?.profile.title ?? name)
          : trans.__('Use a Cluster in This Notebook…');
      },
      caption: args =>
        args['cluster']
          ? trans.__('Run %cluster use %1', args['cluster'] as string)
          : trans.__('Switch the kernel of the current notebook.'),
      iconClass: args => {
        const color = status.card(args['cluster'] as string)?.profile.color;
        return color ? `jp-jext-badge-dot jp-jext-color-${color}` : '';
      },
      isEnabled: () => tracker.currentWidget !== null,
      isToggled: args => {
        const panel = Private.find(tracker, args['notebook']);
        const name = args['cluster'] as string | undefined;
        return !!panel && !!name && kernels.of(panel).cluster === name;
      },
      isToggleable: true,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            cluster: {
              type: 'string',
              description: trans.__(
                'Name of the cluster; asked for if left out'
              )
            },
            notebook: {
              type: 'string',
              description: trans.__(
                'Path of the notebook; the current one if left out'
              )
            }
          }
        }
      },
      execute: async args => {
        const panel = Private.find(tracker, args['notebook']);
        const name = await choose(
          args['cluster'],
          trans.__('Use a cluster in this notebook')
        );
        if (panel && name) {
          await kernels.use(panel, name);
        }
      }
    });
    palette?.addItem({
      command: CommandIDs.use,
      category: trans.__('Clusters')
    });
  }
};

namespace Private {
  /** The notebook of that path, or the current one. */
  export function find(
    tracker: INotebookTracker,
    path: unknown
  ): NotebookPanel | null {
    return typeof path === 'string'
      ? (tracker.find(panel => panel.context.path === path) ?? null)
      : tracker.currentWidget;
  }
}
