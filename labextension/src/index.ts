import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import clusters from './clusters/plugin';
import { credentialsPlugin, identitiesPlugin } from './credentials/plugin';
import { kernelPlugin } from './kernel/plugin';
import { kernelsPlugin } from './kernels/plugin';
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
  sandbox,
  identitiesPlugin,
  credentialsPlugin,
  kernelsPlugin
];

export default plugins;
