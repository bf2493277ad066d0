import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ClusterStatus, Queue } from '../api';
import { formatMemory, formatPercent } from './format';
import { emptyText, FailureNote, Section } from './section';

const INDENT_PX = 20;

/** The queue tree, each queue a bar on the scale of the whole cluster. */
export function Queues(props: {
  status: ClusterStatus;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { status, trans } = props;
  const failure = status.failures['scheduler'];
  const paths = new Set(status.queues.map(queue => queue.path));
  const roots = status.queues.filter(queue => !paths.has(queue.parent));
  return (
    <Section id="queues" title={trans.__('Queues')}>
      <FailureNote failure={failure} />
      {roots.length > 0 ? (
        <QueueList queues={roots} all={status.queues} depth={0} trans={trans} />
      ) : (
        <p className="jp-jext-empty">
          {emptyText(
            status,
            failure,
            trans.__('The scheduler reports no queues.'),
            trans
          )}
        </p>
      )}
    </Section>
  );
}

function QueueList(props: {
  queues: Queue[];
  all: Queue[];
  depth: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <ul className="jp-jext-queues">
      {props.queues.map(queue => {
        const children = props.all.filter(
          child => child.parent === queue.path && child.path !== queue.path
        );
        return (
          <li key={queue.path}>
            <QueueRow queue={queue} depth={props.depth} trans={props.trans} />
            {children.length > 0 && (
              <QueueList
                queues={children}
                all={props.all}
                depth={props.depth + 1}
                trans={props.trans}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}

function QueueRow(props: {
  queue: Queue;
  depth: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { queue, depth, trans } = props;
  const name = queue.path.slice(queue.path.lastIndexOf('.') + 1);
  return (
    <div className="jp-jext-queue">
      {/* Only the words are indented: every bar keeps the same scale. */}
      <div
        className="jp-jext-queue-head"
        style={{ paddingInlineStart: `${INDENT_PX * depth}px` }}
      >
        <span className="jp-jext-queue-name" title={queue.path}>
          {name}
        </span>
        {queue.state && queue.state !== 'RUNNING' && (
          <span className="jp-jext-tag jp-mod-warn">{queue.state}</span>
        )}
        <span className="jp-jext-queue-text">{queueText(queue, trans)}</span>
      </div>
      {/* The text beside it says the same. */}
      <div className="jp-jext-queue-bar" aria-hidden="true">
        {queue.ceiling !== null && (
          <div
            className="jp-jext-queue-ceiling"
            style={{ width: width(queue.ceiling) }}
          />
        )}
        <div
          className="jp-jext-queue-used"
          style={{ width: width(queue.used) }}
        />
        {queue.my_share !== null && (
          <div
            className="jp-jext-queue-mine"
            style={{ width: width(queue.my_share) }}
          />
        )}
        {queue.guarantee !== null && (
          <div
            className="jp-jext-queue-guarantee"
            style={{ left: width(queue.guarantee) }}
          />
        )}
      </div>
    </div>
  );
}

/** The numbers of a queue in one line; notions that the scheduler does not know are left out. */
export function queueText(queue: Queue, trans: TranslationBundle): string {
  const parts = [trans.__('used %1', formatPercent(queue.used))];
  if (queue.my_share) {
    parts.push(trans.__('mine %1', formatPercent(queue.my_share)));
  }
  if (queue.guarantee !== null) {
    parts.push(trans.__('guarantee %1', formatPercent(queue.guarantee)));
  }
  if (queue.ceiling !== null) {
    parts.push(trans.__('ceiling %1', formatPercent(queue.ceiling)));
  }
  parts.push(trans.__('pending %1', queue.apps_pending));
  if (queue.am_limit && queue.am_used) {
    const [used, limit] = [queue.am_used.memory_mb, queue.am_limit.memory_mb];
    parts.push(
      limit < 1024
        ? trans.__('AM %1/%2 MB', used, limit)
        : trans.__('AM %1/%2', formatMemory(used), formatMemory(limit))
    );
  }
  return parts.join(' · ');
}

function width(share: number): string {
  return `${100 * Math.min(1, Math.max(0, share))}%`;
}
