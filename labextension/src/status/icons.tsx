import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ClusterStatus } from '../api';

/** The side panel's icon: machines in a rack. */
export const clustersIcon = new LabIcon({
  name: 'jupyter-ext:clusters',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161" fill-rule="evenodd">
    <path d="M4 3h16a1 1 0 0 1 1 1v3.6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm2 2v1.6h2V5zm4 0v1.6h2V5z"/>
    <path d="M4 9.2h16a1 1 0 0 1 1 1v3.6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-3.6a1 1 0 0 1 1-1zm2 2v1.6h2v-1.6zm4 0v1.6h2v-1.6z"/>
    <path d="M4 15.4h16a1 1 0 0 1 1 1V20a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-3.6a1 1 0 0 1 1-1zm2 2V19h2v-1.6zm4 0V19h2v-1.6z"/>
  </g>
</svg>`
});

/** A pulse, for the doctor. */
export const doctorIcon = new LabIcon({
  name: 'jupyter-ext:doctor',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M9.2 3.5c.5 0 .9.3 1 .8l3.6 11.2 1.6-4c.2-.4.5-.6.9-.6H22v2.2h-5l-2.4 6c-.4.9-1.7.9-2-.1L9 8 7.200 12.400c-.2.4-.5.7-1 .7H2v-2.200h3.500l2.700-6.800c.2-.4.6-.6 1-.6z"/>
</svg>`
});

/** Shapes of states, so that nothing hangs on telling colours apart. */
export const SHAPES = {
  underway: (
    <circle cx="8" cy="8" r="5.5" fill="none" strokeDasharray="3 2.5" />
  ),
  well: <path d="m3 8.5 3.5 3.5L13 4.5" fill="none" />,
  careful: <path d="M8 2.2 14.5 13.5h-13zM8 6.5v3.4M8 11.4v.6" fill="none" />,
  ended: <path d="m4 4 8 8m0-8-8 8" fill="none" />,
  cut: <path d="M2 8h3.5m5 0H14M7 4.5 9 11.5" fill="none" />
};

/** Each state has a shape of its own. */
const STATES: Record<ClusterStatus['state'], React.JSX.Element> = {
  connecting: SHAPES.underway,
  up: SHAPES.well,
  degraded: SHAPES.careful,
  down: SHAPES.ended,
  unreachable: SHAPES.cut,
  login_needed: (
    <path
      d="M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5M8 10v1.5"
      fill="none"
    />
  ),
  misconfigured: (
    <path d="M4 1.8h5.5L12.5 5v9.2H4zM8.2 6v3.4M8.2 11v.8" fill="none" />
  )
};

/** The icon of a state; its word stands beside it. */
export function StateIcon(props: {
  state: ClusterStatus['state'];
}): React.JSX.Element {
  return <ShapeIcon>{STATES[props.state]}</ShapeIcon>;
}

/** A shape, as large as the word beside it. */
export function ShapeIcon(props: {
  children: React.JSX.Element;
}): React.JSX.Element {
  return (
    <svg
      className="jp-jext-state-icon"
      viewBox="0 0 16 16"
      width="14"
      height="14"
      aria-hidden="true"
    >
      {props.children}
    </svg>
  );
}
