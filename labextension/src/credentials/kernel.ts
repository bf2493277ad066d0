import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

/** Target of the comm by which `%cluster login` and `%cluster logout` ask for a person. */
export const COMM_TARGET = 'jupyter-ext:login';

/** What a kernel asks for. */
export interface ILoginRequest {
  action: 'login' | 'logout';
  /** Null for a logout of every cluster. */
  cluster: string | null;
  /** Name that the form starts with; empty if the user named none. */
  user: string;
}

/** Listens to the kernels of one session. */
export class LoginRequests implements IDisposable {
  constructor(
    private readonly _context: ISessionContext,
    private readonly _onRequest: (request: ILoginRequest) => void
  ) {
    _context.kernelChanged.connect(this._onKernelChanged, this);
    this._attach(_context.session?.kernel ?? null);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._context.kernelChanged.disconnect(this._onKernelChanged, this);
    this._attach(null);
  }

  private _onKernelChanged(
    _: ISessionContext,
    change: { newValue: Kernel.IKernelConnection | null }
  ): void {
    this._attach(change.newValue);
  }

  private _attach(kernel: Kernel.IKernelConnection | null): void {
    if (this._kernel && !this._kernel.isDisposed) {
      this._kernel.removeCommTarget(COMM_TARGET, this._onComm);
    }
    this._kernel = kernel;
    kernel?.registerCommTarget(COMM_TARGET, this._onComm);
  }

  private readonly _onComm = (
    _: Kernel.IComm,
    message: KernelMessage.ICommOpenMsg
  ): void => {
    const request = parse(message.content.data);
    if (request) {
      this._onRequest(request);
    }
  };

  private _kernel: Kernel.IKernelConnection | null = null;
  private _isDisposed = false;
}

/** Read what any code in the kernel may have sent; null if it is no request. */
function parse(data: Record<string, unknown>): ILoginRequest | null {
  const { action, cluster, user } = data;
  if (typeof cluster === 'string' && cluster) {
    return action === 'login' || action === 'logout'
      ? { action, cluster, user: typeof user === 'string' ? user : '' }
      : null;
  }
  return action === 'logout' && cluster === null
    ? { action, cluster, user: '' }
    : null;
}

/** Act as soon as the page is seen. */
export function whenSeen(act: () => void): void {
  if (!document.hidden) {
    act();
    return;
  }
  const look = () => {
    if (!document.hidden) {
      document.removeEventListener('visibilitychange', look);
      act();
    }
  };
  document.addEventListener('visibilitychange', look);
}
