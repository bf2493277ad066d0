import type { NotebookPanel } from '@jupyterlab/notebook';

/** Key of the notebook's metadata in which its cluster is kept. */
const KEY = 'jupyter_ext';

/** The cluster that a notebook was last used with, if any. */
export function savedCluster(panel: NotebookPanel): string | null {
  const saved = panel.content.model?.getMetadata(KEY);
  const cluster = (saved as { cluster?: unknown } | undefined)?.cluster;
  return typeof cluster === 'string' && cluster ? cluster : null;
}

/** Keep a notebook's cluster with it; does not touch a notebook that has it already. */
export function saveCluster(panel: NotebookPanel, cluster: string): void {
  const { model } = panel.content;
  if (!model || model.readOnly || savedCluster(panel) === cluster) {
    return;
  }
  const saved = (model.getMetadata(KEY) ?? {}) as Record<string, unknown>;
  model.setMetadata(KEY, { ...saved, cluster });
}
