import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import {
  collapseAllIcon,
  editIcon,
  refreshIcon,
  SidePanel,
  Toolbar,
  ToolbarButton
} from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';

import { CommandIDs, NO_ARGS } from '../commands';
import { notify } from '../notify';
import { describeError } from '../request';
import { Collapse } from '../status/collapse';
import { IStatusModel } from '../status/tokens';
import { KernelActions } from './actions';
import { LaunchDialogs } from './dialog';
import { kernelsIcon } from './icons';
import { askUntilKnown } from './known';
import { RemoteKernels } from './model';
import { tellNews } from './news';
import { KernelsPanel } from './panel';
import { Places } from './places';
import { tellReasonsOnce } from './reason';
import { reconnectWithServer } from './reconnect';
import { KernelService } from './service';
import { isOurs, ourSpecs } from './specs';
import { AskBeforeStart } from './starts';
import { KernelStrips } from './strip';
import { IRemoteKernels } from './tokens';

/** The side panel of remote kernels. */
export const kernelsPlugin: JupyterFrontEndPlugin<IRemoteKernels> = {
  id: '@jupyter-ext/labextension:kernels',
  description: 'Shows the kernels that run in containers, and acts on them.',
  autoStart: true,
  requires: [IStatusModel],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  provides: IRemoteKernels,
  activate: (
    app: JupyterFrontEnd,
    status: IStatusModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): IRemoteKernels => {
    const { commands, shell, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const kernels = new RemoteKernels(status);
    const service = new KernelService(serviceManager.serverSettings);
    const places = new Places(shell);
    const actions = new KernelActions({
      kernels,
      service,
      places,
      commands,
      trans
    });
    const specOf = (name: string) =>
      serviceManager.kernelspecs.specs?.kernelspecs[name];
    const isRemote = (name: string) => isOurs(specOf(name));
    tellReasonsOnce(serviceManager.kernels, isRemote);
    askUntilKnown(serviceManager.kernels, isRemote);
    reconnectWithServer(status, places, isRemote);
    new AskBeforeStart({
      sessions: serviceManager.sessions,
      kernels: serviceManager.kernels,
      isOurs: isRemote,
      ask: new LaunchDialogs(
        service,
        name => specOf(name)?.display_name ?? name,
        translator ?? nullTranslator
      ).ask,
      places,
      settings: serviceManager.serverSettings,
      trans
    });
    new KernelStrips(places, {
      kernels,
      actions,
      showPanel: () => void commands.execute(CommandIDs.kernels),
      trans
    });
    tellNews(kernels, () => void commands.execute(CommandIDs.kernels), trans);
    const find = async (): Promise<void> => {
      try {
        // The answer comes over the stream, too.
        await service.list();
      } catch (error) {
        notify(describeError(error), 'error', trans);
      }
    };

    const pick = async (specs: KernelSpec.ISpecModel[]) => {
      const titles = specs.map(({ display_name }) => display_name);
      const { value } = await InputDialog.getItem({
        title: trans.__('Ask again before this kernel starts'),
        items: titles
      });
      return value === null ? null : specs[titles.indexOf(value)];
    };

    const collapse = new Collapse();
    const toolbar = new Toolbar();
    const add = (
      name: string,
      icon: LabIcon,
      tooltip: string,
      onClick: () => void
    ) => toolbar.addItem(name, new ToolbarButton({ icon, tooltip, onClick }));
    add('refresh', refreshIcon, trans.__('Look for remote kernels'), () => {
      void find();
    });
    add(
      'ask',
      editIcon,
      trans.__('Show the form of a kernel again before it starts'),
      () => void commands.execute(CommandIDs.askAgain)
    );
    toolbar.addItem('spacer', Toolbar.createSpacerItem());
    add(
      'collapse',
      collapseAllIcon,
      trans.__('Collapse or expand every kernel'),
      () => collapse.toggleAll((kernels.all ?? []).map(view => view.kernel_id))
    );

    const content = new Panel();
    let looked = false;
    content.addWidget(
      new KernelsPanel({
        kernels,
        status,
        collapse,
        actions,
        hasSpecs: () => ourSpecs(serviceManager.kernelspecs.specs).length > 0,
        launch: () => void commands.execute('launcher:create'),
        onShown: () => {
          if (!looked) {
            looked = true;
            void find();
          }
        },
        trans
      })
    );
    const side = new SidePanel({
      content,
      toolbar,
      translator: translator ?? undefined
    });
    side.id = 'jp-jext-kernels';
    side.addClass('jp-jext-side');
    side.title.icon = kernelsIcon;
    side.title.caption = trans.__('Remote Kernels');
    side.node.setAttribute('role', 'region');
    side.node.setAttribute('aria-label', trans.__('Remote Kernels'));
    shell.add(side, 'left', { rank: 460, type: 'Remote Kernels' });
    restorer?.add(side, side.id);

    commands.addCommand(CommandIDs.kernels, {
      label: trans.__('Show Remote Kernels'),
      icon: kernelsIcon,
      describedBy: { args: null },
      execute: () => {
        shell.activateById(side.id);
      }
    });
    commands.addCommand(CommandIDs.findKernels, {
      label: trans.__('Look for Remote Kernels'),
      caption: trans.__('Find kernels that run and that no server has'),
      describedBy: NO_ARGS,
      execute: find
    });
    commands.addCommand(CommandIDs.askAgain, {
      label: trans.__('Ask Again Before a Kernel Starts…'),
      caption: trans.__('Forget what was chosen for a kernel, and ask again'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            spec: {
              type: 'string',
              description: trans.__(
                'Name of the kernelspec; asked for if left out'
              )
            }
          }
        }
      },
      execute: async ({ spec }) => {
        const specs = ourSpecs(serviceManager.kernelspecs.specs);
        const chosen =
          specs.find(({ name }) => name === spec) ?? (await pick(specs));
        if (!chosen) {
          return;
        }
        try {
          await service.forget(chosen.name);
          notify(
            trans.__('%1 asks again before it starts.', chosen.display_name),
            'success',
            trans,
            { autoClose: 3000 }
          );
        } catch (error) {
          notify(describeError(error), 'error', trans);
        }
      }
    });
    for (const command of [
      CommandIDs.kernels,
      CommandIDs.findKernels,
      CommandIDs.askAgain
    ]) {
      palette?.addItem({ command, category: trans.__('Clusters') });
    }
    return kernels;
  }
};
