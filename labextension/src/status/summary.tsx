import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';

import type { Card, ClusterStatus, DaemonState } from '../api';
import {
  formatAge,
  formatDuration,
  formatMemory,
  roleWord,
  stateWord
} from './format';
import { StateIcon } from './icons';
import { ExternalLink, FailureNote } from './section';

/** Who the cluster is and how it is doing. */
export function Header(props: {
  card: Card;
  actions: React.ReactNode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { card, actions, trans } = props;
  const { profile, status } = card;
  return (
    <header className="jp-jext-detail-head">
      <div className="jp-jext-section-head">
        <h1>{profile.title}</h1>
        <span className="jp-jext-detail-state">
          <StateIcon state={status.state} /> {stateWord(status.state, trans)}
        </span>
        {profile.production && (
          <span className="jp-jext-tag jp-mod-error">
            {trans.__('production')}
          </span>
        )}
        <Age status={status} trans={trans} />
        {actions}
      </div>
      {status.reason && (
        <p className="jp-jext-note jp-mod-warn" role="status">
          {status.reason} {status.hint}
        </p>
      )}
      {status.polled_at !== null && status.state !== 'up' && (
        <p className="jp-jext-empty">
          {trans.__('What is shown below is the last that was known.')}
        </p>
      )}
      {profile.problems.length > 0 && (
        <ul className="jp-jext-problems">
          {profile.problems.map((problem, index) => (
            <li key={index}>
              {problem.file}: {problem.message}
            </li>
          ))}
        </ul>
      )}
      <Daemons status={status} trans={trans} />
    </header>
  );
}

/** How old the data is, counted on between two messages. */
function Age(props: {
  status: ClusterStatus;
  trans: TranslationBundle;
}): React.JSX.Element {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, [props.status]);
  return (
    <span className="jp-jext-age">
      {formatAge(props.status, now, props.trans)}
    </span>
  );
}

/** Every ResourceManager and NameNode with its role. */
function Daemons(props: {
  status: ClusterStatus;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { status, trans } = props;
  const rows = [
    ...daemonRows('ResourceManager', status.yarn),
    ...daemonRows('NameNode', status.hdfs)
  ];
  if (rows.length === 0) {
    return null;
  }
  return (
    <div className="jp-jext-table-wrap">
      <table className="jp-jext-table jp-jext-daemons">
        <caption>{trans.__('Daemons and their roles')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Daemon')}</th>
            <th scope="col">{trans.__('Id')}</th>
            <th scope="col">{trans.__('Address')}</th>
            <th scope="col">{trans.__('Role')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ kind, daemon, active }) => (
            <tr key={`${kind} ${daemon.id} ${daemon.url}`}>
              <th scope="row">{kind}</th>
              <td>{daemon.id || '–'}</td>
              <td>
                <ExternalLink href={daemon.url}>{daemon.url}</ExternalLink>
              </td>
              <td className={active ? 'jp-jext-active' : undefined}>
                {roleWord(daemon, trans)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function daemonRows(
  kind: string,
  part: { active: string; daemons: DaemonState[] } | null
) {
  return (part?.daemons ?? []).map(daemon => ({
    kind,
    daemon,
    active: daemon.url === part?.active
  }));
}

/** The numbers one asks for first. */
export function Summary(props: {
  status: ClusterStatus;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { status, trans } = props;
  const failure = status.failures['metrics'] ?? status.failures['info'];
  if (!status.yarn) {
    return <FailureNote failure={failure} />;
  }
  const { metrics, info } = status.yarn;
  const { nodes } = metrics;
  const numbers: [label: string, value: string][] = [
    [
      trans.__('Memory'),
      trans.__(
        '%1 of %2',
        formatMemory(metrics.allocated.memory_mb),
        formatMemory(metrics.total.memory_mb)
      )
    ],
    [
      trans.__('Vcores'),
      trans.__('%1 of %2', metrics.allocated.vcores, metrics.total.vcores)
    ],
    [
      trans.__('Containers'),
      trans.__(
        '%1 running, %2 pending',
        metrics.containers,
        metrics.containers_pending
      )
    ],
    [
      trans.__('Applications'),
      trans.__(
        '%1 running, %2 pending',
        metrics.apps_running,
        metrics.apps_pending
      )
    ],
    [
      trans.__('NodeManagers'),
      trans.__(
        '%1 of %2 active, %3 lost, %4 unhealthy',
        nodes.active,
        nodes.total,
        nodes.lost,
        nodes.unhealthy
      )
    ],
    [trans.__('Hadoop'), info.version],
    [
      trans.__('Up for'),
      info.started_ms
        ? formatDuration((Date.now() - info.started_ms) / 1000, trans)
        : '–'
    ]
  ];
  return (
    <>
      <FailureNote failure={failure} />
      <dl className="jp-jext-numbers">
        {numbers.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
