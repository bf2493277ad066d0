import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The checkout. */
export const CHECKOUT = resolve(__dirname, '../..');

/** Whether the clusters outlive the run, to be used by the next: JEXT_UI_ROOT names where. */
export const KEPT = process.env.JEXT_UI_ROOT !== undefined;

/** Where everything of this run is; workers inherit it from the runner. */
export const ROOT = (process.env.JEXT_UI_ROOT ??= mkdtempSync(
  join(tmpdir(), 'jext-ui-')
));

/** Where screenshots are kept. */
export const SCREENSHOTS = join(CHECKOUT, 'artifacts', 'screenshots');

/** The interpreter of the environment under test. */
export const PYTHON =
  process.env.PYTHON ?? join(CHECKOUT, '.venv', 'bin', 'python');

/** One JupyterLab of the run. */
export interface ILabPlace {
  readonly url: string;
  readonly environment: Record<string, string>;
  /** Where its user's profiles are. */
  readonly clusters: string;
}

/**
 * Where a JupyterLab keeps its things.
 *
 * @param root - Directory below which they are.
 * @param port - Where it listens on the loopback interface.
 */
function place(root: string, port: number): ILabPlace {
  const notebooks = join(root, 'notebooks');
  mkdirSync(notebooks, { recursive: true });
  const notifications = join(
    root,
    'settings',
    '@jupyterlab',
    'apputils-extension'
  );
  mkdirSync(notifications, { recursive: true });
  writeFileSync(
    join(notifications, 'notification.jupyterlab-settings'),
    '{ "fetchNews": "false" }'
  );
  return {
    url: `http://127.0.0.1:${port}`,
    clusters: join(root, 'config', 'clusters'),
    environment: {
      JUPYTER_CONFIG_DIR: join(root, 'config'),
      JUPYTER_DATA_DIR: join(root, 'data'),
      JUPYTER_RUNTIME_DIR: join(root, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: join(root, 'settings'),
      JUPYTER_EXT_SANDBOX_DIR: join(root, 'sandbox'),
      JEXT_UI_NOTEBOOKS: notebooks,
      JEXT_UI_PORT: String(port)
    }
  };
}

/** Two free ports; workers inherit the runner's choice. */
const [port, emptyPort] = (process.env.JEXT_UI_PORTS ??= execFileSync(PYTHON, [
  '-c',
  `import socket
taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(server.getsockname()[1] for server in taken))`
])
  .toString()
  .trim())
  .split(' ')
  .map(Number);

/** The Lab that shows the sandbox. */
export const SANDBOX_LAB = place(ROOT, port);

/** A Lab without any cluster, at first. */
export const EMPTY_LAB = place(join(ROOT, 'empty'), emptyPort);
