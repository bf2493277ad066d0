import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { KernelView, LogText } from '../api';
import { notify } from '../notify';
import { describeError, ResponseError } from '../request';
import type { RemoteKernels } from './model';
import type { Places } from './places';
import type { KernelService } from './service';
import { isStarting, nameOf } from './words';

/** As many lines of a log as the server gives. */
const ALL_LINES = 10_000;

/** What a person does to a kernel; what fails is told. */
export class KernelActions {
  constructor(private readonly _options: KernelActions.IOptions) {}

  /** Read the last lines that a kernel printed. */
  readonly log = (id: string, lines: number): Promise<LogText> =>
    this._options.service.logs(id, lines);

  readonly interrupt = (view: KernelView): Promise<void> =>
    this._do(view, () => this._options.service.interrupt(view.kernel_id));

  /** Restart the kernel where it is. */
  readonly restart = async (view: KernelView): Promise<void> => {
    const { trans, places, service } = this._options;
    const agreed = await this._confirm(
      trans.__('Restart %1?', view.title),
      trans.__(
        'It gets a new process in its container, and all variables are lost.'
      ),
      trans.__('Restart')
    );
    if (!agreed) {
      return;
    }
    await this._do(view, async () => {
      const open = places.using(view.kernel_id);
      if (open.length) {
        // So that everything that shows the kernel knows of it.
        await open[0].context.restartKernel();
      } else {
        await service.restart(view.kernel_id, { hard: false, values: {} });
      }
    });
  };

  /** Restart the kernel in a new container. */
  readonly restartHard = async (view: KernelView): Promise<void> => {
    const { trans } = this._options;
    const agreed = await this._confirm(
      trans.__('Restart %1 in a new container?', view.title),
      trans.__(
        'All variables are lost, and so is what was installed or written in the container.'
      ),
      trans.__('Restart')
    );
    if (agreed) {
      await this.again(view, {});
    }
  };

  /** Start a kernel again in a new container, with these values changed. */
  readonly again = (
    view: KernelView,
    values: Record<string, unknown>
  ): Promise<void> =>
    this._do(view, async () => {
      const { places, service } = this._options;
      await service.restart(view.kernel_id, { hard: true, values });
      await Promise.all(
        places
          .using(view.kernel_id)
          .map(({ context }) => context.session?.kernel?.reconnect())
      );
    });

  /** End a kernel, or give up its start. */
  readonly stop = async (view: KernelView): Promise<void> => {
    const { trans, places, service } = this._options;
    const agreed =
      view.state === 'failed' ||
      isStarting(view) ||
      (await this._confirm(
        trans.__('Stop %1?', view.title),
        trans.__(
          'The kernel and its container end, and all variables are lost.'
        ),
        trans.__('Stop')
      ));
    if (!agreed) {
      return;
    }
    await this._do(view, async () => {
      for (const { context } of places.using(view.kernel_id)) {
        await context.shutdown();
      }
      try {
        await service.stop(view.kernel_id);
      } catch (error) {
        // It ended with its session.
        if (!(error instanceof ResponseError && error.status === 404)) {
          throw error;
        }
      }
    });
  };

  readonly adopt = (view: KernelView): Promise<void> =>
    this._do(view, async () => {
      await this._options.service.adopt(view.kernel_id);
      if (view.notebook) {
        await this.open(view);
      }
    });

  /** Open a terminal in the kernel's container. */
  readonly terminal = (view: KernelView): Promise<void> =>
    this._do(view, async () => {
      const { commands, service } = this._options;
      const { name } = await service.terminal(view.kernel_id);
      await commands.execute('terminal:open', { name });
    });

  /** Download what the kernel printed. */
  readonly download = (view: KernelView): Promise<void> =>
    this._do(view, async () => {
      const { text } = await this._options.service.logs(
        view.kernel_id,
        ALL_LINES
      );
      const blob = new Blob([text], { type: 'text/plain;charset=utf-8' });
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = `${view.spec}-${view.kernel_id.slice(0, 8)}.log`;
      link.click();
      URL.revokeObjectURL(link.href);
    });

  /** Show the notebook or console of the kernel. */
  readonly open = async (view: KernelView): Promise<void> => {
    const { commands, places } = this._options;
    const [place] = places.using(view.kernel_id);
    if (place) {
      places.activate(place);
    } else if (view.notebook) {
      await commands.execute('docmanager:open', { path: view.notebook });
    }
  };

  private async _do(view: KernelView, act: () => Promise<void>): Promise<void> {
    const { kernels, trans } = this._options;
    try {
      await kernels.during(view.kernel_id, act);
    } catch (error) {
      notify(
        trans.__(
          '%1: %2',
          view.notebook ? nameOf(view.notebook) : view.title,
          describeError(error)
        ),
        'error',
        trans
      );
    }
  }

  private async _confirm(
    title: string,
    body: string,
    label: string
  ): Promise<boolean> {
    const { button } = await showDialog({
      title,
      body,
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label })],
      defaultButton: 0
    });
    return button.accept;
  }
}

/** The namespace for the `KernelActions` class statics. */
export namespace KernelActions {
  /** What the actions are made with. */
  export interface IOptions {
    kernels: RemoteKernels;
    service: KernelService;
    places: Places;
    commands: CommandRegistry;
    trans: TranslationBundle;
  }
}
