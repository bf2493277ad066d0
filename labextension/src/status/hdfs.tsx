import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ClusterStatus, HdfsMetrics } from '../api';
import { Bar } from './bar';
import { formatBytes } from './format';
import { emptyText, FailureNote, Section } from './section';

/** How full HDFS is, and whether its blocks and DataNodes are all there. */
export function HdfsSection(props: {
  status: ClusterStatus;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { status, trans } = props;
  const failure = status.failures['hdfs'];
  return (
    <Section id="hdfs" title={trans.__('HDFS')}>
      <FailureNote failure={failure} />
      {status.hdfs ? (
        <Metrics metrics={status.hdfs.metrics} trans={trans} />
      ) : (
        <p className="jp-jext-empty">
          {emptyText(
            status,
            failure,
            trans.__('The profile names no NameNode.'),
            trans
          )}
        </p>
      )}
    </Section>
  );
}

function Metrics(props: {
  metrics: HdfsMetrics;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { metrics, trans } = props;
  return (
    <>
      {metrics.safe_mode && (
        <p className="jp-jext-note jp-mod-warn">
          {trans.__('Safe mode: %1', metrics.safe_mode)}
        </p>
      )}
      <Bar
        label={trans.__('Capacity')}
        used={metrics.used_bytes}
        total={metrics.capacity_bytes}
        text={trans.__(
          '%1 of %2 used, %3 left',
          formatBytes(metrics.used_bytes),
          formatBytes(metrics.capacity_bytes),
          formatBytes(metrics.remaining_bytes)
        )}
      />
      <dl className="jp-jext-numbers">
        <Count
          label={trans.__('Missing blocks')}
          value={metrics.missing_blocks}
          bad="error"
        />
        <Count
          label={trans.__('Corrupt blocks')}
          value={metrics.corrupt_blocks}
          bad="error"
        />
        <Count
          label={trans.__('Under-replicated blocks')}
          value={metrics.under_replicated_blocks}
          bad="warn"
        />
        <Count
          label={trans.__('Live DataNodes')}
          value={metrics.live_datanodes}
        />
        <Count
          label={trans.__('Dead DataNodes')}
          value={metrics.dead_datanodes}
          bad="error"
        />
        <Count label={trans.__('Files')} value={metrics.files} />
        <Count label={trans.__('Blocks')} value={metrics.blocks} />
      </dl>
    </>
  );
}

/** A number with its name; `bad` says how it looks when it is not zero. */
function Count(props: {
  label: string;
  value: number;
  bad?: 'warn' | 'error';
}): React.JSX.Element {
  const { label, value, bad } = props;
  return (
    <div className={bad && value > 0 ? `jp-mod-${bad}` : undefined}>
      <dt>{label}</dt>
      <dd>{value.toLocaleString()}</dd>
    </div>
  );
}
