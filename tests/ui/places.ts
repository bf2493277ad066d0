import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The checkout. */
export const CHECKOUT = resolve(__dirname, '../..');

/** Whether the clusters outlive the run, to be used by the next: JEXT_UI_ROOT names where. */
export const KEPT = process.env.JEXT_UI_ROOT !== undefined;

/** Where everything of this run is; workers inherit it from the runner. */
export const ROOT = (process.env.JEXT_UI_ROOT ??= temporary());

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
  /** Where its user's settings are. */
  readonly settings: string;
}

/** A directory that is gone when the runner has ended, however it ended. */
function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'jext-ui-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/**
 * Where a JupyterLab keeps its things.
 *
 * @param root - Directory below which they are.
 * @param port - Where it listens on the loopback interface.
 * @param extensions - Server extensions, and whether each is enabled.
 */
function place(
  root: string,
  port: number,
  extensions: Record<string, boolean> = { jupyter_ext: true }
): ILabPlace {
  const notebooks = join(root, 'notebooks');
  const temporaries = join(root, 'tmp');
  for (const directory of [notebooks, temporaries]) {
    mkdirSync(directory, { recursive: true });
  }
  return {
    url: `http://127.0.0.1:${port}`,
    clusters: join(root, 'config', 'clusters'),
    settings: join(root, 'settings'),
    environment: {
      JUPYTER_CONFIG_DIR: join(root, 'config'),
      JUPYTER_DATA_DIR: join(root, 'data'),
      JUPYTER_RUNTIME_DIR: join(root, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: join(root, 'settings'),
      JUPYTERLAB_WORKSPACES_DIR: join(root, 'workspaces'),
      JUPYTER_EXT_SANDBOX_DIR: join(root, 'sandbox'),
      IPYTHONDIR: join(root, 'ipython'),
      TMPDIR: temporaries,
      JEXT_UI_NOTEBOOKS: notebooks,
      JEXT_UI_PORT: String(port),
      JEXT_UI_EXTENSIONS: JSON.stringify(extensions)
    }
  };
}

/** Free ports; workers inherit the runner's choice. */
const ports = (process.env.JEXT_UI_PORTS ??= execFileSync(PYTHON, [
  '-c',
  `import socket
taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
print(*(server.getsockname()[1] for server in taken))`
])
  .toString()
  .trim())
  .split(' ')
  .map(Number);

/** The Lab that shows the sandbox. */
export const SANDBOX_LAB = place(ROOT, ports[0]);

/** A Lab without any cluster, at first. */
export const EMPTY_LAB = place(join(ROOT, 'empty'), ports[1]);

/** A Lab whose server does not run the server extension. */
export const MISSING_LAB = place(join(ROOT, 'missing'), ports[2], {
  jupyter_ext: false
});

/** A Lab whose server runs another version of the server extension. */
export const OUTDATED_LAB = place(join(ROOT, 'outdated'), ports[3], {
  jupyter_ext: false,
  'tests.ui.outdated': true
});

/** A Lab that its test starts itself, and kills. */
export const KERNELS_LAB = place(join(ROOT, 'kernels'), ports[4]);

/** Settings of a Lab's user, by plugin; whatever else was set is forgotten. */
export function writeSettings(
  { settings }: ILabPlace,
  values: Record<string, object>
): void {
  rmSync(settings, { recursive: true, force: true });
  for (const [plugin, value] of Object.entries({
    '@jupyterlab/apputils-extension:notification': { fetchNews: 'false' },
    ...values
  })) {
    const file = join(
      settings,
      `${plugin.replace(':', '/')}.jupyterlab-settings`
    );
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(value));
  }
}
