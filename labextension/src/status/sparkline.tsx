import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Sample } from '../api';
import {
  formatDuration,
  formatMemory,
  formatPercent,
  fraction
} from './format';

const WIDTH = 240;
const HEIGHT = 32;

/** Seconds that the sparkline reaches back at most; a shorter history fills the width too. */
export const WINDOW_S = 3600;

/**
 * Memory in use (area, against the cluster's memory) and pending containers (line, against
 * the highest number in the window). Its room is kept while there is nothing to draw.
 */
export function Sparkline(props: {
  history: ReadonlyArray<Sample>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { history, trans } = props;
  if (history.length < 2) {
    return <div className="jp-jext-sparkline" aria-hidden="true" />;
  }
  const last = history[history.length - 1];
  const mostPending = Math.max(...history.map(s => s.containers_pending));
  const label = trans.__(
    'Last %1: memory %2 of %3 (%4) now; %5 containers pending now, %6 at most',
    formatDuration(reach(history), trans),
    formatMemory(last.memory_mb),
    formatMemory(last.memory_total_mb),
    formatPercent(fraction(last.memory_mb, last.memory_total_mb)),
    last.containers_pending,
    mostPending
  );
  const { area, memory, pending } = outline(history, mostPending);
  return (
    <svg
      className="jp-jext-sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path className="jp-jext-sparkline-area" d={area} />
      <path className="jp-jext-sparkline-memory" d={memory} />
      {mostPending > 0 && (
        <path className="jp-jext-sparkline-pending" d={pending} />
      )}
    </svg>
  );
}

/** Paths of the memory line, the area below it and the pending line, newest sample at the right. */
export function outline(
  history: ReadonlyArray<Sample>,
  mostPending: number
): { area: string; memory: string; pending: string } {
  const end = history[history.length - 1].time;
  const seconds = reach(history);
  const points = history.map(sample => ({
    x: round(WIDTH * Math.max(0, 1 - (end - sample.time) / seconds)),
    memory: height(fraction(sample.memory_mb, sample.memory_total_mb)),
    pending: height(fraction(sample.containers_pending, mostPending))
  }));
  const line = (of: 'memory' | 'pending'): string =>
    points.map(point => `${point.x},${point[of]}`).join(' L');
  return {
    area: `M${points[0].x},${HEIGHT} L${line('memory')} L${WIDTH},${HEIGHT} Z`,
    memory: `M${line('memory')}`,
    pending: `M${line('pending')}`
  };
}

/** Seconds that the width stands for. */
function reach(history: ReadonlyArray<Sample>): number {
  const span = history[history.length - 1].time - history[0].time;
  return Math.min(WINDOW_S, Math.max(1, span));
}

/** One pixel is kept at the top and the bottom so that a line is never cut. */
function height(share: number | null): number {
  return round(HEIGHT - 1 - (HEIGHT - 2) * (share ?? 0));
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
