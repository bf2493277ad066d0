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

/** Submit an application that runs for minutes; gives its id. */
export function submit(cluster: string, name: string, queue: string): string {
  return JSON.parse(sandbox('submit', cluster, name, queue));
}
