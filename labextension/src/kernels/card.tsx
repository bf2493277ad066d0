import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import {
  caretDownIcon,
  caretRightIcon,
  closeIcon,
  downloadIcon,
  refreshIcon,
  stopIcon,
  terminalIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import type { KernelView } from '../api';
import { formatDuration } from '../status/format';
import type { KernelActions } from './actions';
import { Since, useNow } from './clock';
import { FailureNote } from './failure';
import { KernelStateIcon, newContainerIcon } from './icons';
import { LogTail } from './log';
import { Meters } from './meters';
import { Phases } from './phases';
import {
  backendWord,
  isAlive,
  isStarting,
  nameOf,
  stateWord,
  unreachableSentence
} from './words';

/** What a kernel's card needs beside the kernel itself. */
export interface IKernelCardProps {
  view: KernelView;
  /** Of its cluster. */
  color: string;
  /** Something is being done to it, or the server is gone. */
  busy: boolean;
  /** The server is gone: this is what it said last. */
  stale: boolean;
  collapsed: boolean;
  onToggle: (id: string) => void;
  actions: KernelActions;
  trans: TranslationBundle;
}

/** One kernel. */
export const KernelCard = React.memo(function KernelCard(
  props: IKernelCardProps
): React.JSX.Element {
  const { view, color, collapsed, trans } = props;
  const heading = `jp-jext-kernel-title-${view.kernel_id}`;
  const content = `jp-jext-kernel-content-${view.kernel_id}`;
  const caret = collapsed ? caretRightIcon : caretDownIcon;
  return (
    <section
      className={`jp-jext-card jp-jext-kernel jp-jext-color-${color}`}
      aria-labelledby={heading}
      data-kernel={view.kernel_id}
      data-state={view.state}
    >
      <button
        className="jp-jext-card-header"
        aria-expanded={!collapsed}
        aria-controls={content}
        title={collapsed ? trans.__('Expand') : trans.__('Collapse')}
        onClick={() => props.onToggle(view.kernel_id)}
      >
        <caret.react className="jp-jext-caret" tag="span" />
        <span id={heading} className="jp-jext-card-title" title={view.title}>
          {view.title}
        </span>
        <span className="jp-jext-card-state" aria-live="polite">
          <KernelStateIcon state={view.state} />
          {props.stale
            ? trans.__('Last known: %1', stateWord(view.state, trans))
            : stateWord(view.state, trans)}
        </span>
      </button>
      <div id={content} className="jp-jext-card-content" hidden={collapsed}>
        {!collapsed && <Content {...props} />}
      </div>
    </section>
  );
});

function Content(props: IKernelCardProps): React.JSX.Element {
  const { view, busy, actions, trans } = props;
  const [log, setLog] = React.useState(false);
  return (
    <>
      <Notebook {...props} />
      {view.failure && view.state === 'failed' && (
        <FailureNote
          view={view}
          failure={view.failure}
          busy={busy}
          again={actions.again}
          stop={actions.stop}
          trans={trans}
        />
      )}
      {view.state === 'unreachable' && (
        <p className="jp-jext-warning">{unreachableSentence(trans)}</p>
      )}
      {view.note && <p className="jp-jext-warning">{view.note}</p>}
      {view.cull_at !== null && <CullNote at={view.cull_at} trans={trans} />}
      {isStarting(view) && <Phases view={view} trans={trans} />}
      {view.stats && isAlive(view) && (
        <Meters view={view} stats={view.stats} trans={trans} />
      )}
      <Facts view={view} trans={trans} />
      {view.state === 'orphan' && <Orphan {...props} />}
      <details
        className="jp-jext-kernel-more"
        onToggle={event => setLog(event.currentTarget.open)}
      >
        <summary>{trans.__('Log')}</summary>
        {log && <LogTail view={view} read={actions.log} trans={trans} />}
      </details>
      <footer className="jp-jext-card-footer">
        <span className="jp-jext-age">
          {view.ready_at !== null && isAlive(view) && (
            <>
              {trans.__('Up')} <Since time={view.ready_at} trans={trans} />
            </>
          )}
        </span>
        <Actions {...props} />
      </footer>
    </>
  );
}

/** What the kernel works for. */
function Notebook(props: IKernelCardProps): React.JSX.Element {
  const { view, actions, trans } = props;
  return view.notebook ? (
    <button
      className="jp-jext-kernel-notebook"
      title={view.notebook}
      onClick={() => void actions.open(view)}
    >
      {nameOf(view.notebook)}
    </button>
  ) : (
    <span className="jp-jext-kernel-quiet">{trans.__('No notebook')}</span>
  );
}

/** Where it is. */
function Facts(props: {
  view: KernelView;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { view, trans } = props;
  const { host, container, url, restarts } = view;
  return (
    <dl className="jp-jext-facts">
      {host && (
        <>
          <dt>{trans.__('Host')}</dt>
          <dd>{host}</dd>
        </>
      )}
      {container && (
        <>
          <dt>{backendWord(view.backend, trans)}</dt>
          <dd>
            {/^https?:/.test(url) ? (
              <a href={url} target="_blank" rel="noreferrer">
                {container}
              </a>
            ) : (
              container
            )}
          </dd>
        </>
      )}
      {restarts > 0 && (
        <>
          <dt>{trans.__('Restarts')}</dt>
          <dd>{restarts}</dd>
        </>
      )}
    </dl>
  );
}

/** It is going to end because nobody uses it. */
export function CullNote(props: {
  at: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { at, trans } = props;
  const now = useNow(1000);
  return (
    <p className="jp-jext-warning" role="status">
      {trans.__(
        'It is idle and ends in %1 unless it is used.',
        formatDuration(at - now, trans)
      )}
    </p>
  );
}

/** What to do with a kernel that no server has. */
function Orphan(props: IKernelCardProps): React.JSX.Element {
  const { view, busy, actions, trans } = props;
  return (
    <div className="jp-jext-kernel-ways">
      {view.adoptable && (
        <button
          className="jp-mod-styled jp-mod-accept jp-jext-button"
          disabled={busy}
          onClick={() => void actions.adopt(view)}
        >
          {trans.__('Adopt')}
        </button>
      )}
      <button
        className="jp-mod-styled jp-jext-button"
        disabled={busy}
        onClick={() => void actions.stop(view)}
      >
        {trans.__('End')}
      </button>
    </div>
  );
}

function Actions(props: IKernelCardProps): React.JSX.Element {
  const { view, busy, actions, trans } = props;
  const action = (
    name: string,
    icon: LabIcon,
    label: string,
    act: (view: KernelView) => Promise<void>,
    enabled: boolean
  ): React.JSX.Element => (
    <button
      className="jp-jext-action"
      title={label}
      aria-label={trans.__('%1: %2', label, view.title)}
      data-action={name}
      disabled={busy || !enabled}
      onClick={() => void act(view)}
    >
      <icon.react tag="span" />
    </button>
  );
  const alive = isAlive(view);
  const starting = isStarting(view);
  return (
    <span className="jp-jext-actions">
      {action(
        'terminal',
        terminalIcon,
        trans.__('Open a terminal in the container'),
        actions.terminal,
        alive
      )}
      {action(
        'interrupt',
        stopIcon,
        trans.__('Interrupt'),
        actions.interrupt,
        alive
      )}
      {action(
        'restart',
        refreshIcon,
        trans.__('Restart in place'),
        actions.restart,
        alive
      )}
      {action(
        'restart-hard',
        newContainerIcon,
        trans.__('Restart in a new container'),
        actions.restartHard,
        alive || view.state === 'unreachable'
      )}
      {action(
        'download',
        downloadIcon,
        trans.__('Download the log'),
        actions.download,
        true
      )}
      {action(
        'stop',
        closeIcon,
        starting ? trans.__('Cancel the start') : trans.__('Stop'),
        actions.stop,
        true
      )}
    </span>
  );
}
