import type { ServerConnection } from '@jupyterlab/services';

import type {
  KernelList,
  KernelView,
  LaunchForm,
  LaunchRequest,
  LogText,
  RestartRequest,
  TerminalName
} from '../api';
import { request } from '../request';

/** Remote kernels on the server. Every method throws what `request` throws. */
export class KernelService {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** List the kernels, after a look for those without a server. */
  async list(): Promise<KernelView[]> {
    return (await this._ask<KernelList>('kernels')).kernels;
  }

  /** End a kernel or its start, or forget one that failed. */
  stop(id: string): Promise<void> {
    return this._ask(kernel(id), 'DELETE');
  }

  restart(id: string, how: RestartRequest): Promise<KernelView> {
    return this._ask(`${kernel(id)}/restart`, 'POST', how);
  }

  interrupt(id: string): Promise<void> {
    return this._ask(`${kernel(id)}/interrupt`, 'POST');
  }

  /** Take back a kernel that no server has. */
  adopt(id: string): Promise<KernelView> {
    return this._ask(`${kernel(id)}/adopt`, 'POST');
  }

  /** Read the last lines that a kernel printed. */
  logs(id: string, lines: number): Promise<LogText> {
    return this._ask(`${kernel(id)}/logs?lines=${lines}`);
  }

  /** Open a terminal in a kernel's container. */
  terminal(id: string): Promise<TerminalName> {
    return this._ask(`${kernel(id)}/terminal`, 'POST');
  }

  /** What may be asked for before a kernel of this kernelspec starts. */
  form(spec: string): Promise<LaunchForm> {
    return this._ask(form(spec));
  }

  /** Forget what was chosen for a kernelspec, and ask again. */
  forget(spec: string): Promise<void> {
    return this._ask(form(spec), 'DELETE');
  }

  /** Keep the values of a kernel that is about to start under this id. */
  keep(id: string, launch: LaunchRequest): Promise<void> {
    return this._ask(
      `kernels/launches/${encodeURIComponent(id)}`,
      'PUT',
      launch
    );
  }

  private _ask<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
    return request(path, { method, body }, this._settings);
  }
}

function kernel(id: string): string {
  return `kernels/${encodeURIComponent(id)}`;
}

function form(spec: string): string {
  return `kernels/forms/${encodeURIComponent(spec)}`;
}
