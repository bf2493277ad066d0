import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { KernelView } from '../api';
import { notify } from '../notify';
import type { IRemoteKernels } from './tokens';

/**
 * Tell what happens to kernels while nobody looks at their panel: one was ended because nobody
 * used it, or kernels were found that no server has.
 *
 * @param showPanel - Shows what can be done about it.
 */
export function tellNews(
  kernels: IRemoteKernels,
  showPanel: () => void,
  trans: TranslationBundle
): void {
  let known = new Map<string, KernelView>();
  const tell = (text: string, type: Notification.TypeOptions) => {
    const show = { label: trans.__('Show'), callback: showPanel };
    notify(text, type, trans, { autoClose: false, actions: [show] });
  };
  kernels.changed.connect(() => {
    const all = kernels.all ?? [];
    for (const { kernel_id, state, title, failure } of all) {
      const warned = known.get(kernel_id)?.cull_at ?? null;
      if (state === 'failed' && failure && warned !== null) {
        tell(trans.__('%1: %2', title, failure.cause), 'warning');
      }
    }
    const found = all.filter(
      ({ kernel_id, state }) =>
        state === 'orphan' && known.get(kernel_id)?.state !== 'orphan'
    );
    if (found.length) {
      tell(
        trans._n(
          '%1 remote kernel runs that no server has.',
          '%1 remote kernels run that no server has.',
          found.length
        ),
        'info'
      );
    }
    known = new Map(all.map(view => [view.kernel_id, view]));
  });
}
