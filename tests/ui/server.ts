import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect } from './lab';
import type { ILabPlace } from './places';
import { CHECKOUT, PYTHON } from './places';

/** A Jupyter server that a test starts and ends. */
export class Server {
  constructor(private readonly _place: ILabPlace) {}

  /** Start it, and wait until it answers. */
  async start(): Promise<void> {
    this._process = spawn(
      PYTHON,
      [
        '-m',
        'jupyterlab',
        '--config',
        'tests/ui/jupyter_server_test_config.py'
      ],
      {
        cwd: CHECKOUT,
        env: { ...process.env, ...this._place.environment },
        stdio: 'ignore'
      }
    );
    await expect
      .poll(() =>
        fetch(`${this._place.url}/api`).then(
          answer => answer.ok,
          () => false
        )
      )
      .toBe(true);
  }

  /** End it as nobody should, or as one should. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ended = this._process;
    this._process = null;
    if (ended && ended.exitCode === null) {
      const exit = once(ended, 'exit');
      ended.kill(signal);
      await exit;
    }
  }

  private _process: ChildProcess | null = null;
}
