import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { KernelView } from '../api';
import { ShapeIcon, SHAPES } from '../status/icons';

/** The side panel's icon: a chip, and the way to it. */
export const kernelsIcon = new LabIcon({
  name: 'jupyter-ext:kernels',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161" fill-rule="evenodd">
    <path d="M6 4h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zm0 2v12h12V6z"/>
    <path d="M9 8.5h6a.5.5 0 0 1 .5.5v6a.5.5 0 0 1-.5.5H9a.5.5 0 0 1-.5-.5V9a.5.5 0 0 1 .5-.5z"/>
    <path d="M8 1h1.8v3H8zM14.2 1H16v3h-1.8zM8 20h1.8v3H8zM14.2 20H16v3h-1.8zM1 8h3v1.8H1zM1 14.2h3V16H1zM20 8h3v1.8h-3zM20 14.2h3V16h-3z"/>
  </g>
</svg>`
});

/** Another container. */
export const newContainerIcon = new LabIcon({
  name: 'jupyter-ext:new-container',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161" fill-rule="evenodd">
    <path d="M4 8 12 4l8 4v8l-8 4-8-4zm2 1.9v4.9l5 2.5v-4.9zm12 0-5 2.5v4.9l5-2.5zM12 6.2 7.3 8.5 12 10.8l4.7-2.3z"/>
  </g>
</svg>`
});

/** Each state has a shape of its own. */
const STATES: Record<KernelView['state'], React.JSX.Element> = {
  starting: SHAPES.underway,
  restarting: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3" fill="none" />,
  running: SHAPES.well,
  unreachable: SHAPES.cut,
  failed: SHAPES.ended,
  orphan: SHAPES.careful
};

/** The icon of a state; its word stands beside it. */
export function KernelStateIcon(props: {
  state: KernelView['state'];
}): React.JSX.Element {
  return <ShapeIcon>{STATES[props.state]}</ShapeIcon>;
}
