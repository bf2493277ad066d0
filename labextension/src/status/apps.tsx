import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import type { AppStatus, Card } from '../api';
import { AppDetails } from './appDetails';
import type { IClusterClient } from './client';
import { formatDuration, formatMemory, formatPercent } from './format';
import { emptyText, ExternalLink, FailureNote, Section, Time } from './section';

const COLUMNS = 10;

/** What the table can do; the view only calls it. */
export interface IAppActions {
  client: IClusterClient;

  /**
   * Ask, kill and report.
   *
   * @returns why it could not be killed; empty if it was, or nobody wanted it after all.
   */
  kill: (app: AppStatus) => Promise<string>;

  /** Whether anybody can see the view. */
  isVisible: () => boolean;
}

/** My applications, newest first. */
export function Apps(props: {
  card: Card;
  actions: IAppActions;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { card, actions, trans } = props;
  const { status } = card;
  const failure = status.failures['apps'];
  return (
    <Section id="apps" title={trans.__('My applications')}>
      <FailureNote failure={failure} />
      {status.apps.length > 0 ? (
        <div className="jp-jext-table-wrap">
          <table className="jp-jext-table jp-jext-apps">
            <caption>
              {trans.__(
                'Running and waiting ones, and those that ended within the last hour'
              )}
            </caption>
            <thead>
              <tr>
                <th scope="col">
                  <span className="jp-jext-unseen">{trans.__('Details')}</span>
                </th>
                <th scope="col">{trans.__('Name, id')}</th>
                <th scope="col">{trans.__('State')}</th>
                <th scope="col" className="jp-jext-apps-queue">
                  {trans.__('Queue')}
                </th>
                <th scope="col">{trans.__('Progress')}</th>
                <th scope="col">{trans.__('Elapsed')}</th>
                <th scope="col" className="jp-jext-apps-size">
                  {trans.__('Memory, vcores')}
                </th>
                <th scope="col" className="jp-jext-apps-started">
                  {trans.__('Started')}
                </th>
                <th scope="col">{trans.__('Tracking')}</th>
                <th scope="col">
                  <span className="jp-jext-unseen">{trans.__('Action')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {status.apps.map(app => (
                <AppRow
                  key={app.id}
                  app={app}
                  actions={actions}
                  trans={trans}
                />
              ))}
            </tbody>
          </table>
          {status.apps_left_off > 0 && (
            <p className="jp-jext-empty">
              {trans._n(
                'One older application is not shown.',
                '%1 older applications are not shown.',
                status.apps_left_off
              )}
            </p>
          )}
        </div>
      ) : (
        <p className="jp-jext-empty">
          {emptyText(
            status,
            failure,
            trans.__('No applications of yours in the last hour.'),
            trans
          )}
        </p>
      )}
    </Section>
  );
}

/** Whether an application will never run again. */
export function isFinished(app: AppStatus): boolean {
  return ['FINISHED', 'FAILED', 'KILLED'].includes(app.state);
}

function AppRow(props: {
  app: AppStatus;
  actions: IAppActions;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { app, actions, trans } = props;
  const [open, setOpen] = useState(false);
  const [killing, setKilling] = useState(false);
  const [error, setError] = useState('');
  const detailsId = React.useId();
  const finished = isFinished(app);
  const caret = open ? caretDownIcon : caretRightIcon;

  const kill = async () => {
    setKilling(true);
    setError(await actions.kill(app));
    setKilling(false);
  };
  return (
    <>
      <tr className={`jp-jext-app-${app.state.toLowerCase()}`}>
        <td>
          <button
            className="jp-jext-expand"
            aria-expanded={open}
            aria-controls={open ? detailsId : undefined}
            aria-label={trans.__('Details of %1', app.id)}
            onClick={() => setOpen(!open)}
          >
            <caret.react tag="span" />
          </button>
        </td>
        <th scope="row" title={app.name}>
          {app.name}
          <span className="jp-jext-id">{app.id}</span>
        </th>
        <td className="jp-jext-apps-state">{stateText(app, trans)}</td>
        <td className="jp-jext-apps-queue" title={app.queue}>
          {app.queue}
        </td>
        <td>
          <progress
            max={1}
            value={app.progress}
            aria-label={trans.__('Progress of %1', app.id)}
          />{' '}
          {formatPercent(app.progress)}
        </td>
        <td>{elapsed(app, trans)}</td>
        <td className="jp-jext-apps-size">
          {formatMemory(app.memory_mb)}, {app.vcores}
        </td>
        <td className="jp-jext-apps-started">
          <Time ms={app.started_ms} />
        </td>
        <td>
          {app.tracking_url && (
            <ExternalLink
              href={app.tracking_url}
              label={trans.__('Tracking page of %1, in a new tab', app.id)}
            >
              {trans.__('Open')}
            </ExternalLink>
          )}
        </td>
        <td>
          {!finished && (
            <button
              className="jp-mod-styled jp-mod-warn jp-jext-button"
              disabled={killing}
              aria-label={trans.__('Kill %1', app.id)}
              onClick={() => void kill()}
            >
              {trans.__('Kill')}
            </button>
          )}
        </td>
      </tr>
      {app.waiting && (
        <tr className="jp-jext-apps-why">
          <td />
          <td colSpan={COLUMNS - 1}>{app.waiting}</td>
        </tr>
      )}
      {error && (
        <tr>
          <td colSpan={COLUMNS} className="jp-jext-note jp-mod-error">
            <span role="alert">{error}</span>
          </td>
        </tr>
      )}
      {open && (
        <tr id={detailsId}>
          <td colSpan={COLUMNS}>
            <AppDetails
              app={app}
              finished={finished}
              client={actions.client}
              isVisible={actions.isVisible}
              trans={trans}
            />
          </td>
        </tr>
      )}
    </>
  );
}

/** The state, and how it ended where the state does not say so. */
function stateText(app: AppStatus, trans: TranslationBundle): string {
  const says = ['', 'UNDEFINED', app.state];
  return says.includes(app.final_status)
    ? app.state
    : trans.__('%1 (%2)', app.state, app.final_status);
}

function elapsed(app: AppStatus, trans: TranslationBundle): string {
  if (!app.started_ms) {
    return '–';
  }
  const end = app.finished_ms || Date.now();
  return formatDuration((end - app.started_ms) / 1000, trans);
}
