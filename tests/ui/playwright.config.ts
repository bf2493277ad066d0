import { defineConfig } from '@playwright/test';
import { join } from 'node:path';

import type { ILabPlace } from './places';
import {
  CHECKOUT,
  EMPTY_LAB,
  MISSING_LAB,
  OUTDATED_LAB,
  PYTHON,
  SANDBOX_LAB
} from './places';

// Only an interrupt makes the runner end what it has started.
if (process.env.TEST_WORKER_INDEX === undefined) {
  process.once('SIGTERM', () => process.kill(process.pid, 'SIGINT'));
}

const lab = ({ url, environment }: ILabPlace) => ({
  command: `"${PYTHON}" -m jupyterlab --config tests/ui/jupyter_server_test_config.py`,
  cwd: CHECKOUT,
  env: environment,
  url: `${url}/api`,
  timeout: 120_000,
  reuseExistingServer: false,
  gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 5_000 }
});

export default defineConfig({
  testDir: '.',
  outputDir: join(CHECKOUT, 'artifacts', 'ui'),
  globalSetup: './setup.ts',
  globalTeardown: './teardown.ts',
  workers: 1,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  use: {
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    }
  },
  webServer: [SANDBOX_LAB, EMPTY_LAB, MISSING_LAB, OUTDATED_LAB].map(lab)
});
