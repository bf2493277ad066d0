import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import {
  addIcon,
  collapseAllIcon,
  refreshIcon,
  SidePanel,
  Toolbar,
  ToolbarButton
} from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';

import { CommandIDs } from '../commands';
import { identityMenu } from '../credentials/menu';
import { notify } from '../notify';
import { describeError } from '../request';
import { followSettings, SETTINGS_ID } from '../settings';
import { Collapse } from './collapse';
import { clustersIcon } from './icons';
import { StatusModel } from './model';
import { connectionNotice } from './notice';
import { ClustersPanel } from './panel';
import { IStatusModel } from './tokens';

/** The status of every cluster, for whoever wants to show it. */
export const status: JupyterFrontEndPlugin<IStatusModel> = {
  id: SETTINGS_ID,
  description: 'Keeps the live status of every Hadoop cluster.',
  autoStart: true,
  provides: IStatusModel,
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ): IStatusModel => {
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const model = new StatusModel({
      settings: app.serviceManager.serverSettings
    });
    let told = false;
    model.connectionChanged.connect((_, connection) => {
      const notice = connectionNotice(connection, trans);
      if (notice && !told) {
        told = true;
        // Lab cuts what is longer than 140 characters; the panel has all of it.
        Notification.warning(notice.title, {
          autoClose: false,
          actions: [
            {
              label: trans.__('Show Clusters'),
              callback: () => {
                void app.commands.execute(CommandIDs.show);
              }
            }
          ]
        });
      }
    });
    followSettings(settings, values => {
      model.pollWhenHidden = values.pollWhenHidden === true;
    });
    model.start();
    return model;
  }
};

/** The side panel. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: '@jupyter-ext/labextension:panel',
  description: 'Shows a card for every Hadoop cluster in the left area.',
  autoStart: true,
  requires: [IStatusModel],
  optional: [
    ISettingRegistry,
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IStatusModel,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    state: IStateDB | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const { commands, shell } = app;
    const run = (command: string, cluster?: string): void => {
      commands
        .execute(command, cluster === undefined ? {} : { cluster })
        .catch((error: unknown) => {
          notify(describeError(error), 'error', trans);
        });
    };

    const collapse = new Collapse(state);
    followSettings(settings, values => {
      collapse.byDefault = values.collapsedByDefault === true;
    });
    collapse.restore().catch((error: unknown) => {
      notify(describeError(error), 'error', trans);
    });

    const toolbar = new Toolbar();
    toolbar.addItem(
      'add',
      new ToolbarButton({
        icon: addIcon,
        tooltip: trans.__('Add a cluster'),
        onClick: () => run(CommandIDs.add)
      })
    );
    toolbar.addItem(
      'refresh',
      new ToolbarButton({
        icon: refreshIcon,
        tooltip: trans.__('Ask every cluster now'),
        onClick: () => run(CommandIDs.refresh)
      })
    );
    toolbar.addItem('spacer', Toolbar.createSpacerItem());
    toolbar.addItem(
      'collapse',
      new ToolbarButton({
        icon: collapseAllIcon,
        tooltip: trans.__('Collapse or expand every card'),
        onClick: () => {
          collapse.toggleAll(model.cards.map(card => card.profile.name));
        }
      })
    );
    const content = new Panel();
    content.addWidget(
      new ClustersPanel({
        model,
        collapse,
        commands,
        run,
        openMenu: identityMenu(commands),
        trans
      })
    );
    const side = new SidePanel({
      content,
      toolbar,
      translator: translator ?? undefined
    });
    side.id = 'jp-jext-clusters';
    side.addClass('jp-jext-side');
    side.title.icon = clustersIcon;
    side.title.caption = trans.__('Clusters');
    side.node.setAttribute('role', 'region');
    side.node.setAttribute('aria-label', trans.__('Clusters'));
    shell.add(side, 'left', { rank: 450, type: 'Clusters' });
    restorer?.add(side, side.id);

    commands.addCommand(CommandIDs.show, {
      label: trans.__('Show Clusters'),
      icon: clustersIcon,
      describedBy: { args: null },
      execute: () => {
        shell.activateById(side.id);
      }
    });
    commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh Clusters'),
      describedBy: { args: null },
      execute: () => {
        model.refresh();
      }
    });
    for (const command of [CommandIDs.show, CommandIDs.refresh]) {
      palette?.addItem({ command, category: trans.__('Clusters') });
    }
  }
};
