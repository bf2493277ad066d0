import { execFileSync } from 'node:child_process';

import { CHECKOUT, PYTHON, ROOT } from './places';

/** Do something with the real clusters; see sandbox.py. */
export function sandbox(...words: string[]): string {
  return execFileSync(PYTHON, ['-m', 'tests.ui.sandbox', ROOT, ...words], {
    cwd: CHECKOUT,
    encoding: 'utf8',
    timeout: 180_000
  });
}

/** Applications on the real clusters, which end with the test that submitted them. */
export class Applications {
  /** Submit one that runs for minutes; gives its id. */
  submit(cluster: string, name: string, queue: string): string {
    const id: string = JSON.parse(sandbox('submit', cluster, name, queue));
    this._submitted.push([cluster, id]);
    return id;
  }

  /** End every one that still runs. */
  end(): void {
    for (const [cluster, id] of this._submitted.splice(0)) {
      sandbox('kill-app', cluster, id);
    }
  }

  private readonly _submitted: [cluster: string, id: string][] = [];
}
