import type { Locator, Page } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from './lab';
import { KERNELS_LAB, PYTHON, ROOT, SANDBOX_LAB } from './places';
import { Server } from './server';

const TITLE = 'Python on Production (YARN)';
const SPEC = 'prod-yarn-python';
const PROFILE = join(KERNELS_LAB.clusters, 'prod');
/** What the nodes' Python is in the test, so that pip changes nothing else. */
const NODE_PYTHON = join(ROOT, 'kernels', 'node-python');

/** A file that alice alone may read, with the tokens that came with her login and nothing else. */
const READ = `import os
from hdfs_native import Client
os.environ["HADOOP_CONF_DIR"] = os.environ["JUPYTER_EXT_CREDENTIALS"] + "/prod/conf"
with Client(URL).read("/data/alice-only.csv") as file:
    print(file.read().decode(), "in", os.environ["CONTAINER_ID"])`;
const [SET, READS, ENDLESS, LOOK, LONG, LAST] = [0, 1, 2, 3, 4, 5];

test.use({ place: KERNELS_LAB });

test.describe('kernels on YARN', () => {
  const server = new Server(KERNELS_LAB);

  test.beforeAll(async () => {
    rmSync(PROFILE, { recursive: true, force: true });
    cpSync(join(SANDBOX_LAB.clusters, 'prod'), PROFILE, { recursive: true });
    const profile = join(PROFILE, 'cluster.toml');
    makePython();
    execFileSync('sed', [
      '-i',
      `s|^python = .*|python = "${NODE_PYTHON}/bin/python"|`,
      profile
    ]);
    appendFileSync(
      profile,
      '\n[[kernels.yarn.presets]]\ntitle = "Small"\nmemory_mb = 512\n'
    );
    await server.start();
    // A moment after the server it has its kernelspecs.
    await expect
      .poll(async () => {
        const answer = await fetch(`${KERNELS_LAB.url}/api/kernelspecs`);
        return Object.keys((await answer.json()).kernelspecs);
      })
      .toContain(SPEC);
  });

  test.beforeEach(endKernels);

  test.afterAll(async () => {
    // They would outlive it.
    await endKernels();
    await server.end('SIGTERM');
  });

  test('from the form to the end, through a killed server', async ({
    lab,
    page
  }) => {
    test.setTimeout(240_000);
    const login = await page.request.post(
      `${KERNELS_LAB.url}/jupyter-ext/credentials/prod/login`,
      { data: { user: 'alice', password: 'alice-password' } }
    );
    expect(login.ok()).toBe(true);
    await lab.writeNotebook('remote.ipynb', SPEC, [
      'x = 41',
      READ.replace('URL', `"${defaultFs()}"`),
      'import time\nwhile True:\n    time.sleep(0.1)',
      'print("x" in dir())',
      'import shout, time\nkept = shout.up("still here")\ntime.sleep(8)\nkept += "!"',
      'print(kept)'
    ]);
    await lab.open('remote.ipynb');
    await showPanel(page);

    // No kernel without the form's consent, and no broken notebook either.
    const form = page.getByRole('dialog', { name: `Start ${TITLE}` });
    await expect(form.getByLabel('Memory (MB)')).toHaveValue('1024');
    await lab.screenshot('kernel-form');
    await page.keyboard.press('Escape');
    const kernel = page.locator('.jp-Toolbar-kernelName');
    await expect(kernel).toHaveText('No Kernel');
    await expect(page.locator('.jp-Dialog')).toBeHidden();

    // The form again, from the menu of kernels.
    await kernel.click();
    await page.locator('.jp-Dialog select').selectOption({ label: TITLE });
    await page.getByRole('button', { name: 'Select Kernel' }).click();
    await form.getByRole('button', { name: 'Small' }).click();
    await expect(form.getByLabel('Memory (MB)')).toHaveValue('512');
    await form.getByRole('button', { name: 'Start', exact: true }).click();

    // Its phases, above the notebook and in the panel.
    await expect(page.locator('.jp-jext-strip-line')).toContainText(TITLE);
    const card = page.locator('[data-kernel]');
    await lab.screenshot('kernel-starting');
    await expect(card).toHaveAttribute('data-state', 'running', {
      timeout: 60_000
    });
    await expect(page.locator('.jp-jext-strip-line')).toBeHidden();
    await expect(card.getByRole('meter', { name: 'Memory' })).toBeVisible();

    await lab.runCell(SET);
    await expect(await lab.runCell(READS)).toContainText(
      /for alice's eyes only\s+in container_/
    );
    await lab.screenshot('kernel-hdfs');
    await interrupted(page, card);
    await lab.screenshot('kernel-running');
    await lab.theme('JupyterLab Dark');
    await lab.screenshot('kernel-dark');
    await lab.theme('JupyterLab Light');

    // A restart where it is takes the variables away, and not the container.
    await expect(await lab.runCell(LOOK)).toContainText('True');
    const application = /application_\d+_\d+/;
    const [container] = application.exec((await card.textContent())!)!;
    await card.getByRole('button', { name: /^Restart in place/ }).click();
    await page.getByRole('button', { name: 'Restart', exact: true }).click();
    await expect(async () => {
      await expect(await lab.runCell(LOOK)).toContainText('False', {
        timeout: 1000
      });
    }).toPass();
    await expect(card).toContainText(container);
    await lab.screenshot('kernel-restarted');

    // What is installed in a terminal in the container is there for the kernel.
    await card.getByRole('button', { name: /^Open a terminal/ }).click();
    const terminal = page.locator('.jp-Terminal');
    await expect(terminal).toBeVisible();
    await installed(page, terminal);
    await lab.screenshot('kernel-terminal');
    await card.getByRole('button', { name: 'remote.ipynb' }).click();

    // Lab may have noticed that its server is gone.
    const lost = page.getByRole('dialog', { name: 'Server Connection Error' });
    await page.addLocatorHandler(lost, () => page.keyboard.press('Escape'));

    // The server is killed within a cell, and the kernel is the one from before.
    await press(page, LONG);
    await expect(status(page)).toHaveAttribute('data-status', 'busy');
    await server.end('SIGKILL');
    await expect(
      page.locator('#jp-jext-kernels .jp-jext-banner')
    ).toBeVisible();
    await expect(card).toContainText('Last known: Running');
    await lab.screenshot('kernel-server-gone');
    await server.start();
    await expect(card).toHaveAttribute('data-state', 'running');
    // The reply to that cell went with its server, so the cell is not known to be over.
    await expect(page.getByText(`${TITLE} | Idle`)).toBeVisible({
      timeout: 60_000
    });
    await press(page, LAST);
    await expect(output(page, LAST)).toContainText('STILL HERE!');
    await expect(card).toContainText(container);
    await lab.screenshot('kernel-adopted');

    await card.getByRole('button', { name: /^Stop/ }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(card).toBeHidden();
    await expect(kernel).toHaveText('No Kernel');
  });
});

/** End every kernel there is. */
async function endKernels(): Promise<void> {
  const all = `${KERNELS_LAB.url}/jupyter-ext/kernels`;
  const { kernels } = await (await fetch(all)).json();
  for (const { kernel_id } of kernels) {
    await fetch(`${all}/${kernel_id}`, { method: 'DELETE' });
  }
}

/** The side panel, opened. */
async function showPanel(page: Page): Promise<void> {
  await page.evaluate(() =>
    (
      window as never as {
        jupyterapp: { commands: { execute(id: string): Promise<void> } };
      }
    ).jupyterapp.commands.execute('jupyter-ext:show-kernels')
  );
  await expect(page.locator('#jp-jext-kernels')).toBeVisible();
}

/** A Python that has what the tests' has, and a place of its own for what pip installs. */
function makePython(): void {
  rmSync(NODE_PYTHON, { recursive: true, force: true });
  execFileSync(PYTHON, ['-m', 'venv', '--without-pip', NODE_PYTHON]);
  execFileSync(`${NODE_PYTHON}/bin/python`, [
    '-c',
    `import sys, sysconfig, zipfile
from pathlib import Path
Path(sysconfig.get_path("purelib"), "tests.pth").write_text(sys.argv[1])
with zipfile.ZipFile(Path(sys.prefix, "shout-1.0-py3-none-any.whl"), "w") as wheel:
    info = "shout-1.0.dist-info"
    wheel.writestr("shout.py", "def up(text):\\n    return text.upper()\\n")
    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: shout\\nVersion: 1.0\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")`,
    execFileSync(PYTHON, [
      '-c',
      'import sysconfig; print(sysconfig.get_path("purelib"))'
    ]).toString()
  ]);
}

/** Where the cluster's HDFS is. */
function defaultFs(): string {
  const xml = readFileSync(join(PROFILE, 'conf', 'core-site.xml'), 'utf8');
  const [, url] =
    /<name>fs\.defaultFS<\/name>\s*<value>([^<]+)</.exec(xml) ?? [];
  expect(url).toBeTruthy();
  return url;
}

/** Install a package in a terminal, and see that pip says so. */
async function installed(page: Page, terminal: Locator): Promise<void> {
  const proof = join(ROOT, 'kernels', 'installed.txt');
  rmSync(proof, { force: true });
  await expect(async () => {
    await terminal.click();
    await page.keyboard.type(
      `python -m pip install --no-index ${NODE_PYTHON}/*.whl | tee ${proof}; echo $CONTAINER_ID >> ${proof}\n`
    );
    await expect
      .poll(
        () =>
          execFileSync('sh', [
            '-c',
            `cat ${proof} 2> /dev/null || :`
          ]).toString(),
        {
          timeout: 15_000
        }
      )
      .toMatch(/installed shout-1\.0[^]*container_/);
  }).toPass();
}

/** What the notebook says that its kernel does. */
function status(page: Page): Locator {
  return page.locator('.jp-Notebook-ExecutionIndicator');
}

/** What a cell put out. */
function output(page: Page, index: number): Locator {
  return page.locator('.jp-CodeCell').nth(index).locator('.jp-OutputArea');
}

/** Run a cell, and do not wait for its end. */
async function press(page: Page, index: number): Promise<void> {
  await page.locator('.jp-CodeCell').nth(index).locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
}

/** Run what never ends, and interrupt it from the panel. */
async function interrupted(page: Page, card: Locator): Promise<void> {
  await press(page, ENDLESS);
  await expect(status(page)).toHaveAttribute('data-status', 'busy');
  await card.getByRole('button', { name: /^Interrupt/ }).click();
  await expect(output(page, ENDLESS)).toContainText('KeyboardInterrupt');
}
