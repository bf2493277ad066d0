import { KEPT } from './places';
import { sandbox } from './sandbox';

/** End the clusters, unless they are to be kept. */
export default function teardown(): void {
  if (!KEPT) {
    sandbox('down');
  }
}
