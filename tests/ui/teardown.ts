import { rmSync } from 'node:fs';

import { KEPT, ROOT } from './places';
import { sandbox } from './sandbox';

/** Unless they are to be kept, end the clusters and remove everything of the run. */
export default function teardown(): void {
  if (KEPT) {
    return;
  }
  sandbox('down');
  rmSync(ROOT, { recursive: true, force: true });
}
