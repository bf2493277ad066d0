import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { notify } from '../notify';
import { describeError } from '../request';
import type { IStatusModel } from '../status/tokens';
import { KernelCluster } from './model';
import { saveCluster, savedCluster } from './notebook';

/** The kernels of all open notebooks. */
export class NotebookKernels {
  constructor(
    private readonly _status: IStatusModel,
    private readonly _trans: TranslationBundle,
    private readonly _restores: () => Promise<boolean>
  ) {}

  /** The cluster of a notebook's kernel; lives as long as the notebook. */
  of(panel: NotebookPanel): KernelCluster {
    const known = this._kernels.get(panel);
    if (known) {
      return known;
    }
    const kernel = new KernelCluster(panel.sessionContext);
    this._kernels.set(panel, kernel);
    kernel.changed.connect(() => {
      if (kernel.state === 'known' && kernel.cluster) {
        saveCluster(panel, kernel.cluster);
      }
    }, panel);
    kernel.started.connect(() => {
      void this._restore(panel, kernel);
    }, panel);
    panel.disposed.connect(() => kernel.dispose(), panel);
    return kernel;
  }

  /** Switch a notebook's kernel and tell how it went. */
  async use(panel: NotebookPanel, name: string): Promise<void> {
    const trans = this._trans;
    try {
      const result = await this.of(panel).use(name);
      if (result.ok) {
        // The magic's lines after the first one are warnings.
        const type = result.text.includes('\n') ? 'warning' : 'success';
        notify(
          result.text || trans.__('The kernel works on %1 now.', name),
          type,
          trans,
          { autoClose: type === 'warning' ? 15000 : 5000 }
        );
      } else if (result.exception === 'ModuleNotFoundError') {
        notify(
          trans.__(
            'This kernel cannot switch to %1: jupyter-ext is not installed in its environment. Run %pip install jupyter-ext in a cell, then try again.',
            name
          ),
          'error',
          trans
        );
      } else {
        notify(
          trans.__(
            'The kernel could not switch to %1: %2',
            name,
            result.text || result.exception
          ),
          'error',
          trans
        );
      }
    } catch (error) {
      notify(
        trans.__(
          'The kernel could not switch to %1: %2',
          name,
          describeError(error)
        ),
        'error',
        trans
      );
    }
  }

  /** Bring a fresh kernel to the cluster that its notebook was last used with. */
  private async _restore(
    panel: NotebookPanel,
    kernel: KernelCluster
  ): Promise<void> {
    await panel.context.ready;
    const name = savedCluster(panel);
    if (!name || !(await this._restores())) {
      return;
    }
    await ready(this._status);
    const idle = kernel.state === 'known' && kernel.cluster === null;
    if (!panel.isDisposed && idle && this._status.card(name)) {
      await this.use(panel, name);
    }
  }

  private readonly _kernels = new WeakMap<NotebookPanel, KernelCluster>();
}

/** Wait until the server has sent its picture. */
function ready(status: IStatusModel): Promise<void> {
  if (status.ready) {
    return Promise.resolve();
  }
  return new Promise(resolve => {
    const receiver = {
      check: () => {
        if (status.ready) {
          status.boardChanged.disconnect(receiver.check, receiver);
          resolve();
        }
      }
    };
    status.boardChanged.connect(receiver.check, receiver);
  });
}
