import { sandbox } from './sandbox';

/** Start the real clusters, one process per daemon so that a single one can be killed. */
export default function setup(): void {
  console.log(sandbox('up', '--with', 'stage', '--processes').trim());
}
