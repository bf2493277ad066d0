import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { kernelPlugin } from './kernel/plugin';
import { panel, status } from './status/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [status, panel, kernelPlugin];

export default plugins;
