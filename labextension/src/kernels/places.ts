import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Session } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

/** A notebook, a console or anything else in the main area that has a kernel. */
export interface IPlace {
  widget: Widget;
  context: ISessionContext;
}

/** Finds what is open by its kernel or its session. */
export class Places {
  constructor(private readonly _shell: JupyterFrontEnd.IShell) {}

  /** Everything that has a kernel, or may have one. */
  get all(): IPlace[] {
    return [...this._shell.widgets('main')].flatMap(widget => {
      const { sessionContext, context } = widget as Widget & {
        sessionContext?: ISessionContext;
        context?: { sessionContext?: ISessionContext };
      };
      const own = sessionContext ?? context?.sessionContext;
      return own ? [{ widget, context: own }] : [];
    });
  }

  /** Something may have been opened or closed; null where the shell does not tell. */
  get changed(): ISignal<unknown, unknown> | null {
    return this._shell.currentChanged ?? null;
  }

  /** Everything that is open and uses a kernel. */
  using(kernelId: string): IPlace[] {
    return this.all.filter(
      ({ context }) => context.session?.kernel?.id === kernelId
    );
  }

  /** The place of a session. */
  of(session: Session.ISessionConnection): IPlace | null {
    return this.all.find(({ context }) => context.session === session) ?? null;
  }

  /** The place that waits for a session which is asked for with these options. */
  waiting(options: Session.ISessionOptions): IPlace | null {
    // A context asks for a path of its own in its directory, and changes that afterwards.
    const directory = PathExt.dirname(options.path);
    return (
      this.all.find(
        ({ context }) =>
          context.session === null &&
          context.name === options.name &&
          context.type === options.type &&
          PathExt.dirname(context.path) === directory
      ) ?? null
    );
  }

  /** Show a place. */
  activate(place: IPlace): void {
    this._shell.activateById(place.widget.id);
  }
}
