import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import clusters from './clusters/plugin';
import { kernelPlugin } from './kernel/plugin';
import { localePlugin } from './locale/plugin';
import sandbox from './sandbox/plugin';
import { detailPlugin } from './status/detailPlugin';
import { panel, status } from './status/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  status,
  panel,
  detailPlugin,
  kernelPlugin,
  localePlugin,
  clusters,
  sandbox
];

export default plugins;
