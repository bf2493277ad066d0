import type { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownIcon,
  caretRightIcon,
  editIcon,
  LabIcon,
  launchIcon,
  deleteIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Card, ClusterStatus, Identity, Problem } from '../api';
import { CommandIDs } from '../commands';
import { IdentityLine, LoginOffer } from '../credentials/card';
import { isLoggedIn } from '../credentials/words';
import { CardBody } from './body';
import { formatAge, stateWord } from './format';
import { doctorIcon, StateIcon } from './icons';

/** What a card needs beside the cluster itself. */
export interface IClusterCardProps {
  card: Card;
  collapsed: boolean;
  onToggle: (name: string) => void;
  /** Execute a command with `{cluster}`. */
  run: (command: string, cluster: string) => void;
  /** Open the menu of a login below a button. */
  openMenu: (identity: Identity, button: HTMLElement) => void;
  /** The time of the moment; only ages hang on it. */
  clock: React.Context<number>;
  trans: TranslationBundle;
}

/** One cluster. Rendered again only when its own card object is another one. */
export const ClusterCard = React.memo(function ClusterCard(
  props: IClusterCardProps
): React.JSX.Element {
  const { card, collapsed, trans } = props;
  const { profile, status } = card;
  const heading = `jp-jext-card-title-${profile.name}`;
  const content = `jp-jext-card-content-${profile.name}`;
  return (
    <section
      className={`jp-jext-card jp-jext-color-${profile.color}`}
      aria-labelledby={heading}
      data-cluster={profile.name}
      data-state={status.state}
    >
      <button
        className="jp-jext-card-header"
        aria-expanded={!collapsed}
        aria-controls={content}
        title={collapsed ? trans.__('Expand') : trans.__('Collapse')}
        onClick={() => props.onToggle(profile.name)}
      >
        <Caret collapsed={collapsed} />
        <span
          id={heading}
          className="jp-jext-card-title"
          title={profile.title === profile.name ? undefined : profile.name}
        >
          {profile.title}
        </span>
        {profile.production && (
          <span className="jp-jext-tag">{trans.__('production')}</span>
        )}
        <span className="jp-jext-card-state" aria-live="polite">
          <StateIcon state={status.state} />
          {stateWord(status.state, trans)}
        </span>
      </button>
      <div id={content} className="jp-jext-card-content" hidden={collapsed}>
        {!collapsed && (
          <>
            <Why status={status} problems={profile.problems} trans={trans} />
            <Figures {...props} />
            <footer className="jp-jext-card-footer">
              <Age status={status} clock={props.clock} trans={trans} />
              <Actions {...props} />
            </footer>
          </>
        )}
      </div>
    </section>
  );
});

/** The figures, with who sees them; or the way to see any. */
function Figures(props: IClusterCardProps): React.JSX.Element {
  const { card, trans } = props;
  const { identity, profile } = card;
  const body = <CardBody card={card} trans={trans} />;
  if (!identity?.needed) {
    return body;
  }
  const who = { ...props, identity, title: profile.title };
  return isLoggedIn(identity) ? (
    <>
      <IdentityLine {...who} />
      {body}
    </>
  ) : (
    <LoginOffer {...who} />
  );
}

function Caret(props: { collapsed: boolean }): React.JSX.Element {
  const icon = props.collapsed ? caretRightIcon : caretDownIcon;
  return <icon.react className="jp-jext-caret" tag="span" />;
}

/** Why the cluster is not simply up, and what to do. */
function Why(props: {
  status: ClusterStatus;
  problems: Problem[];
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { status, problems, trans } = props;
  const broken = problems.some(problem => problem.severity === 'error');
  if (!status.reason && !status.hint && !problems.length) {
    return null;
  }
  const list = (
    <ul aria-label={trans.__('Problems of the profile')}>
      {problems.map((problem, index) => (
        <li key={index} className={`jp-mod-${problem.severity}`}>
          <code>
            {problem.key ? `${problem.file} · ${problem.key}` : problem.file}
          </code>
          {problem.message}
        </li>
      ))}
    </ul>
  );
  // What breaks a profile is all there is to say, and the reason repeats its first line.
  return (
    <div className="jp-jext-card-why">
      {broken ? list : status.reason && <p>{status.reason}</p>}
      {status.hint && <p className="jp-jext-hint">{status.hint}</p>}
      {!broken && problems.length > 0 && (
        <details>
          <summary>
            {trans._n(
              '%1 remark on the profile',
              '%1 remarks on the profile',
              problems.length
            )}
          </summary>
          {list}
        </details>
      )}
    </div>
  );
}

function Age(props: {
  status: ClusterStatus;
  clock: React.Context<number>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const now = React.useContext(props.clock);
  return (
    <span className="jp-jext-age">
      {formatAge(props.status, now, props.trans)}
    </span>
  );
}

function Actions(props: IClusterCardProps): React.JSX.Element {
  const { card, run, trans } = props;
  const { name, title } = card.profile;
  const action = (
    command: string,
    icon: LabIcon,
    label: string
  ): React.JSX.Element => (
    <button
      className="jp-jext-action"
      title={label}
      aria-label={trans.__('%1: %2', label, title)}
      data-command={command}
      onClick={() => run(command, name)}
    >
      <icon.react tag="span" />
    </button>
  );
  return (
    <span className="jp-jext-actions">
      {action(CommandIDs.details, launchIcon, trans.__('Details'))}
      {action(CommandIDs.doctor, doctorIcon, trans.__('Doctor'))}
      {action(CommandIDs.edit, editIcon, trans.__('Edit'))}
      {action(CommandIDs.remove, deleteIcon, trans.__('Remove'))}
    </span>
  );
}
