import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Failure, KernelView } from '../api';
import { formatMemory } from '../status/format';

/** Why a kernel did not start or ended, and what can be done about it. */
export function FailureNote(props: {
  view: KernelView;
  failure: Failure;
  busy: boolean;
  /** Start it again in a new container, with these values changed. */
  again: (view: KernelView, values: Record<string, unknown>) => void;
  /** End it, or forget it. */
  stop: (view: KernelView) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { view, failure, busy, again, stop, trans } = props;
  const { cause, hint, diagnostics, memory_mb } = failure;
  return (
    <div className="jp-jext-kernel-failure" role="alert">
      <p>{cause}</p>
      {hint && <p className="jp-jext-hint">{hint}</p>}
      {diagnostics && (
        <details>
          <summary>{trans.__('Diagnostics')}</summary>
          <pre tabIndex={0}>{diagnostics}</pre>
        </details>
      )}
      <div className="jp-jext-kernel-ways">
        {memory_mb !== null && (
          <button
            className="jp-mod-styled jp-mod-accept jp-jext-button"
            disabled={busy}
            onClick={() => again(view, { memory_mb })}
          >
            {trans.__('Restart with %1', formatMemory(memory_mb))}
          </button>
        )}
        <button
          className="jp-mod-styled jp-jext-button"
          disabled={busy}
          onClick={() => again(view, {})}
        >
          {trans.__('Start again')}
        </button>
        <button
          className="jp-mod-styled jp-jext-button"
          disabled={busy}
          onClick={() => stop(view)}
        >
          {trans.__('Give up')}
        </button>
      </div>
    </div>
  );
}
