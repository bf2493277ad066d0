import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type {
  AppStatus,
  Card,
  ClusterStatus,
  DaemonState,
  Hdfs,
  NodeCounts,
  Yarn
} from '../api';
import { Bar } from './bar';
import {
  formatBytes,
  formatMemory,
  hostOf,
  isRunning,
  isWaiting,
  roleWord
} from './format';
import { Sparkline } from './sparkline';

/** The figures of a cluster; those of a section that never answered are left out. */
export function CardBody(props: {
  card: Card;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { card, trans } = props;
  const { yarn, hdfs } = card.status;
  if (!yarn && !hdfs) {
    return null;
  }
  // Numbers of a cluster that does not answer are its last ones.
  const stale = ['down', 'unreachable', 'login_needed'].includes(
    card.status.state
  );
  return (
    <div className={`jp-jext-card-body${stale ? ' jp-mod-stale' : ''}`}>
      {yarn && <YarnFigures yarn={yarn} card={card} trans={trans} />}
      {hdfs && <HdfsFigures hdfs={hdfs} trans={trans} />}
      <dl className="jp-jext-facts">
        {yarn && (
          <>
            <dt>{trans.__('My apps')}</dt>
            <dd>{describeApps(card.status, trans)}</dd>
            <Waiting apps={card.status.apps} trans={trans} />
            <dt>{trans.__('Containers')}</dt>
            <dd>
              {trans.__(
                '%1 running, %2 pending',
                yarn.metrics.containers,
                yarn.metrics.containers_pending
              )}
            </dd>
            <dt>{trans.__('Nodes')}</dt>
            <dd>{describeNodes(yarn.metrics.nodes, trans)}</dd>
          </>
        )}
        {yarn && (
          <Active
            term="ResourceManager"
            daemons={yarn.daemons}
            active={yarn.active}
            trans={trans}
          />
        )}
        {hdfs && (
          <Active
            term="NameNode"
            daemons={hdfs.daemons}
            active={hdfs.active}
            trans={trans}
          />
        )}
      </dl>
    </div>
  );
}

function YarnFigures(props: {
  yarn: Yarn;
  card: Card;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { yarn, card, trans } = props;
  const { total, allocated } = yarn.metrics;
  return (
    <>
      <Bar
        label={trans.__('Memory')}
        used={allocated.memory_mb}
        total={total.memory_mb}
        text={trans.__(
          '%1 of %2',
          formatMemory(allocated.memory_mb),
          formatMemory(total.memory_mb)
        )}
      />
      <Bar
        label={trans.__('vCores')}
        used={allocated.vcores}
        total={total.vcores}
        text={trans.__('%1 of %2', allocated.vcores, total.vcores)}
      />
      <Sparkline history={card.history} trans={trans} />
    </>
  );
}

function HdfsFigures(props: {
  hdfs: Hdfs;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { trans } = props;
  const { capacity_bytes, remaining_bytes } = props.hdfs.metrics;
  const { safe_mode, missing_blocks } = props.hdfs.metrics;
  // Other programs use the DataNodes' disks too: what is not remaining is gone.
  return (
    <>
      <Bar
        label={trans.__('HDFS')}
        used={capacity_bytes - remaining_bytes}
        total={capacity_bytes}
        text={trans.__('%1 free', formatBytes(remaining_bytes))}
        warnAt={0.85}
      />
      {(safe_mode || missing_blocks > 0) && (
        <p className="jp-jext-warning">
          {[
            safe_mode && trans.__('Safe mode'),
            missing_blocks > 0 && trans.__('%1 blocks missing', missing_blocks)
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      )}
    </>
  );
}

/** Which daemon of a pair is active; a single one is named as it is. */
function Active(props: {
  term: string;
  daemons: DaemonState[];
  active: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { daemons, active, trans } = props;
  const others = daemons.filter(daemon => daemon.url !== active);
  const name = daemons.find(daemon => daemon.url === active)?.id;
  return (
    <>
      <dt>{props.term}</dt>
      <dd title={active}>
        {daemons.length > 1
          ? trans.__('%1 active', name || hostOf(active))
          : hostOf(active)}
        {others.map(daemon => (
          <span key={daemon.url} title={daemon.url}>
            {` · ${daemon.id} ${roleWord(daemon, trans)}`}
          </span>
        ))}
      </dd>
    </>
  );
}

/** Why the application that has waited longest waits. */
function Waiting(props: {
  apps: AppStatus[];
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const waiting = props.apps.filter(app => isWaiting(app) && app.waiting);
  // Newest first is the server's order.
  const app = waiting[waiting.length - 1];
  return app ? (
    <dd className="jp-jext-waiting" title={app.id}>
      {props.trans.__('%1 waits: %2', app.name, app.waiting)}
    </dd>
  ) : null;
}

function describeApps(status: ClusterStatus, trans: TranslationBundle): string {
  const running = status.apps.filter(isRunning).length;
  const waiting = status.apps.filter(isWaiting).length;
  return trans.__('%1 running, %2 waiting', running, waiting);
}

function describeNodes(nodes: NodeCounts, trans: TranslationBundle): string {
  const parts = [trans.__('%1 of %2 active', nodes.active, nodes.total)];
  if (nodes.lost) {
    parts.push(trans.__('%1 lost', nodes.lost));
  }
  if (nodes.unhealthy) {
    parts.push(trans.__('%1 unhealthy', nodes.unhealthy));
  }
  if (nodes.decommissioning) {
    parts.push(trans.__('%1 decommissioning', nodes.decommissioning));
  }
  return parts.join(' · ');
}
