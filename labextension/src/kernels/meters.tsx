import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { KernelView, Stats } from '../api';
import { Bar } from '../status/bar';
import { formatMemory } from '../status/format';

/** Percent of one core. */
const CORE = 100;

/** What a kernel uses at the moment. */
export function Meters(props: {
  view: KernelView;
  stats: Stats;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { view, stats, trans } = props;
  const { memory_mb, vcores } = view.values;
  const cores = typeof vcores === 'number' ? vcores : 1;
  // Where no control group says it, the kernel has what was asked for.
  const asked = typeof memory_mb === 'number' ? memory_mb : null;
  const limit = stats.memory_limit_mb ?? asked;
  return (
    <>
      {limit === null ? (
        <div className="jp-jext-bar">
          <span className="jp-jext-bar-label">{trans.__('Memory')}</span>
          <span />
          <span className="jp-jext-bar-text">
            {formatMemory(stats.memory_mb)}
          </span>
        </div>
      ) : (
        <Bar
          label={trans.__('Memory')}
          used={stats.memory_mb}
          total={limit}
          text={trans.__(
            '%1 of %2',
            formatMemory(stats.memory_mb),
            formatMemory(limit)
          )}
        />
      )}
      <Bar
        label={trans.__('CPU')}
        used={stats.cpu_percent}
        total={CORE * cores}
        // Busy is what a CPU is for.
        warnAt={Infinity}
        text={trans._n(
          '%2 % of %1 core',
          '%2 % of %1 cores',
          cores,
          Math.round(stats.cpu_percent)
        )}
      />
      {stats.gpus.map((gpu, index) => (
        <Bar
          key={index}
          label={trans.__('GPU')}
          used={gpu.memory_mb}
          total={gpu.memory_total_mb}
          warnAt={Infinity}
          text={trans.__(
            '%1 %, %2 of %3, %4',
            Math.round(gpu.percent),
            formatMemory(gpu.memory_mb),
            formatMemory(gpu.memory_total_mb),
            gpu.name
          )}
        />
      ))}
    </>
  );
}
