import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { KernelView, LaunchForm } from '../../api';
import type { IStatusModel } from '../../status/tokens';
import type { KernelActions } from '../actions';

export const trans = nullTranslator.load('jupyter_ext');

/** A kernel that runs on YARN. */
export function view(values: Partial<KernelView> = {}): KernelView {
  return {
    kernel_id: 'k1',
    spec: 'prod-yarn-python',
    title: 'Python on prod (YARN)',
    cluster: 'prod',
    backend: 'yarn',
    state: 'running',
    phases: [],
    host: 'worker-1',
    container: 'application_1_0001',
    url: 'http://rm/proxy/application_1_0001',
    started_at: 1000,
    ready_at: 1004,
    stats: null,
    notebook: 'work/a.ipynb',
    failure: null,
    restarts: 0,
    owner: 'alice',
    values: { memory_mb: 2048, vcores: 2 },
    adoptable: false,
    note: '',
    cull_at: null,
    ...values
  };
}

/** A form with one limit on memory. */
export function form(values: Partial<LaunchForm> = {}): LaunchForm {
  return {
    spec: 'prod-yarn-python',
    title: 'Python on prod (YARN)',
    backend: 'yarn',
    cluster: 'prod',
    schema: {
      type: 'object',
      properties: {
        memory_mb: { type: 'integer', minimum: 128, maximum: 8192 },
        queue: { type: 'string', title: 'Queue' }
      }
    },
    ui: { 'ui:order': ['memory_mb', 'queue'] },
    values: { memory_mb: 2048, queue: 'default' },
    presets: [{ title: 'Large', values: { memory_mb: 8192 } }],
    limits: [
      {
        field: 'memory_mb',
        maximum: 8192,
        free: 4096,
        choices: [],
        note: 'Queue default has 4 GB free.'
      }
    ],
    limits_error: '',
    ask: true,
    ...values
  };
}

/** The server's kernels, as the test says. */
export class FakeStatus {
  readonly kernelsChanged = new Signal<this, void>(this);
  kernels: KernelView[] | null = null;

  tell(...kernels: KernelView[]): void {
    this.kernels = kernels;
    this.kernelsChanged.emit();
  }

  get model(): IStatusModel {
    return this as unknown as IStatusModel;
  }
}

/** Actions that do nothing but be counted. */
export function fakeActions() {
  const names = [
    'adopt',
    'again',
    'download',
    'interrupt',
    'log',
    'open',
    'restart',
    'restartHard',
    'stop',
    'terminal'
  ] as const;
  const mocks = Object.fromEntries(
    names.map(name => [name, jest.fn(async () => undefined)])
  ) as unknown as Record<(typeof names)[number], jest.Mock>;
  return { mocks, actions: mocks as unknown as KernelActions };
}
