import type { Kernel, ServerConnection, Session } from '@jupyterlab/services';
import { KernelAPI } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import type { Answer } from './dialog';
import type { Places } from './places';

/**
 * Asks before a remote kernel starts, whoever starts it: launcher, menus, dialogs and other
 * extensions all go through the managers of sessions and kernels.
 *
 * The server finds the values of the form by the kernel's id, which is therefore chosen here.
 */
export class AskBeforeStart {
  constructor(private readonly _options: AskBeforeStart.IOptions) {
    this._onNewSessions();
    this._onChanges();
    this._onNewKernels();
  }

  /** First kernel of a notebook, a console... */
  private _onNewSessions(): void {
    const { sessions, places } = this._options;
    const startNew = sessions.startNew.bind(sessions);
    sessions.startNew = async (options, connect) => {
      const { kernel } = options;
      if (!this._concerns(kernel)) {
        return startNew(options, connect);
      }
      const id = UUID.uuid4();
      switch (await this._ask(kernel, id)) {
        case 'plain':
          return startNew(options, connect);
        case 'values':
          return startNew(withKernel(options, { ...kernel, id }), connect);
        case 'cancel': {
          const place = places.waiting(options);
          if (!place) {
            throw this._cancelled();
          }
          return notWanted(() => void place.context.shutdown());
        }
      }
    };
  }

  /** Another kernel for what has one. */
  private _onChanges(): void {
    const { sessions } = this._options;
    const connectTo = sessions.connectTo.bind(sessions);
    sessions.connectTo = options => {
      const session = connectTo(options);
      const change = session.changeKernel.bind(session);
      session.changeKernel = kernel => this._change(session, kernel, change);
      return session;
    };
  }

  private async _change(
    session: Session.ISessionConnection,
    kernel: Partial<Kernel.IModel>,
    change: Session.ISessionConnection['changeKernel']
  ): Promise<Kernel.IKernelConnection | null> {
    const { places, settings } = this._options;
    if (!this._concerns(kernel)) {
      return change(kernel);
    }
    const id = UUID.uuid4();
    switch (await this._ask(kernel, id)) {
      case 'plain':
        return change(kernel);
      case 'values': {
        // A session changes to an id only if there is such a kernel.
        const options = { ...kernel, kernel_id: id, path: session.path };
        await KernelAPI.startNew(options, settings);
        try {
          return await change({ ...kernel, id });
        } catch (error) {
          await KernelAPI.shutdownKernel(id, settings);
          throw error;
        }
      }
      case 'cancel': {
        const { kernel: old } = session;
        const context = places.of(session)?.context;
        // It shows the name of the kernel that it does not get until it is told otherwise.
        void (old
          ? context?.changeKernel({ id: old.id, name: old.name })
          : context?.shutdown());
        return old;
      }
    }
  }

  /** Kernels without a session. */
  private _onNewKernels(): void {
    const { kernels } = this._options;
    const startNew = kernels.startNew.bind(kernels);
    kernels.startNew = async (options = {}, connect) => {
      if (!this._concerns(options)) {
        return startNew(options, connect);
      }
      const id = UUID.uuid4();
      switch (await this._ask(options, id)) {
        case 'plain':
          return startNew(options, connect);
        case 'values':
          return startNew({ ...options, kernel_id: id } as object, connect);
        case 'cancel':
          throw this._cancelled();
      }
    };
  }

  /** Whether a remote kernel is to be started, rather than one used that runs. */
  private _concerns(
    kernel: Partial<Kernel.IModel> | undefined
  ): kernel is { name: string } {
    return !!kernel?.name && !kernel.id && this._options.isOurs(kernel.name);
  }

  private _ask(kernel: { name: string }, id: string): Promise<Answer> {
    return this._options.ask(kernel.name, id);
  }

  private _cancelled(): Error {
    return new Error(
      this._options.trans.__('The start of the kernel was cancelled.')
    );
  }
}

/** The namespace for the `AskBeforeStart` class statics. */
export namespace AskBeforeStart {
  /** What is needed for it. */
  export interface IOptions {
    sessions: Session.IManager;
    kernels: Kernel.IManager;
    /** Whether a kernelspec's kernels are remote ones. */
    isOurs: (spec: string) => boolean;
    /** Ask for the values of a kernel that starts under this id. */
    ask: (spec: string, kernelId: string) => Promise<Answer>;
    places: Places;
    settings: ServerConnection.ISettings;
    trans: TranslationBundle;
  }
}

/** The server takes an id for a new kernel, too, which the types do not know. */
function withKernel(
  options: Session.ISessionOptions,
  kernel: Partial<Kernel.IModel>
): Session.ISessionOptions {
  return { ...options, kernel };
}

/**
 * A session that whoever asked for it lets go at once: it has not the path that it was asked for,
 * which a session context takes as "another one has been asked for since". That ends quietly,
 * where any error opens a dialog.
 *
 * @param onDisposed - It has been let go.
 */
function notWanted(onDisposed: () => void): Session.ISessionConnection {
  const session = {
    path: '',
    kernel: null,
    shutdown: () => Promise.resolve(),
    dispose: onDisposed
  };
  return session as unknown as Session.ISessionConnection;
}
