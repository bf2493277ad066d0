import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ClusterStatus, SectionFailure } from '../api';

/** One part of the detail view, with a heading and buttons of its own. */
export function Section(props: {
  /** Part of the heading's id and of the class. */
  id: string;
  title: string;
  actions?: React.ReactNode;
  children: React.ReactNode;
}): React.JSX.Element {
  const uid = React.useId();
  return (
    <section
      className={`jp-jext-section jp-jext-section-${props.id}`}
      aria-labelledby={uid}
    >
      <div className="jp-jext-section-head">
        <h2 id={uid}>{props.title}</h2>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}

/** Why what stands below is old or missing. */
export function FailureNote(props: {
  failure: SectionFailure | undefined;
}): React.JSX.Element | null {
  const { failure } = props;
  if (!failure) {
    return null;
  }
  return (
    <p className="jp-jext-note jp-mod-warn" role="status">
      {failure.message} {failure.hint}
    </p>
  );
}

/** What to say where there is nothing to show. */
export function emptyText(
  status: ClusterStatus,
  failure: SectionFailure | undefined,
  nothing: string,
  trans: TranslationBundle
): string {
  if (failure) {
    return trans.__('Not known at present.');
  }
  if (status.polled_at !== null) {
    return nothing;
  }
  if (status.state === 'connecting') {
    return trans.__('Waiting for the first answer of the cluster…');
  }
  return status.reason || trans.__('Not known at present.');
}

/** A link to a page of a daemon, in a new tab; nothing but http and https is linked. */
export function ExternalLink(props: {
  href: string;
  label?: string;
  children: React.ReactNode;
}): React.JSX.Element {
  if (!/^https?:\/\//i.test(props.href)) {
    return <>{props.children}</>;
  }
  return (
    <a
      className="jp-jext-link"
      href={props.href}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={props.label}
    >
      {props.children}
    </a>
  );
}

/** A moment in the reader's own time zone and notation; nothing for 0. */
export function Time(props: { ms: number }): React.JSX.Element | null {
  if (!props.ms) {
    return null;
  }
  const moment = new Date(props.ms);
  return <time dateTime={moment.toISOString()}>{moment.toLocaleString()}</time>;
}
