import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { KernelView } from '../api';
import { useNow } from './clock';
import { isStarting, phaseSeconds, phaseWord } from './words';

/** The phases of a start: what each took, and where it is. */
export function Phases(props: {
  view: KernelView;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { view, trans } = props;
  const now = useNow(250, isStarting(view));
  return (
    <ol className="jp-jext-phases" aria-label={trans.__('Phases of the start')}>
      {phaseSeconds(view, now).map(({ phase, seconds, current }, index) => (
        <li
          key={index}
          className={current ? 'jp-mod-current' : undefined}
          aria-current={current ? 'step' : undefined}
        >
          <span>{phaseWord(phase.name, trans)}</span>
          <span className="jp-jext-phase-time">
            {trans.__('%1 s', seconds.toFixed(1))}
          </span>
          {current && phase.detail && (
            <span className="jp-jext-phase-detail">{phase.detail}</span>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Where a start is, in one line: `Queued, 12 s: third in research`. */
export function PhaseLine(props: {
  view: KernelView;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { view, trans } = props;
  const now = useNow(1000, isStarting(view));
  const phase = view.phases[view.phases.length - 1];
  // All of the wait: who starts a kernel wants to know how long it takes.
  const since = view.phases[0]?.since ?? view.started_at;
  const seconds = Math.max(0, Math.floor(now - since));
  const word = phase ? phaseWord(phase.name, trans) : trans.__('Starting');
  return (
    <>
      <span role="status" aria-label={word}>
        {word}
      </span>
      <span className="jp-jext-phase-time">{trans.__('%1 s', seconds)}</span>
      {phase?.detail && (
        <span className="jp-jext-phase-detail">{phase.detail}</span>
      )}
    </>
  );
}
