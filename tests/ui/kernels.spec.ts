import type { Locator, Page } from '@playwright/test';
import { appendFileSync, cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from './lab';
import { KERNELS_LAB, ROOT, SANDBOX_LAB } from './places';
import { Server } from './server';

const TITLE = 'Python on Development (YARN)';
const SPEC = 'dev-yarn-python';
const CELLS = [
  'x = 41',
  'import time\nwhile True:\n    time.sleep(0.1)',
  'print("still", x + 1)'
];

test.use({ place: KERNELS_LAB });

test.describe('kernels on YARN', () => {
  const server = new Server(KERNELS_LAB);

  test.beforeAll(async () => {
    const profile = join(KERNELS_LAB.clusters, 'dev');
    rmSync(profile, { recursive: true, force: true });
    cpSync(join(SANDBOX_LAB.clusters, 'dev'), profile, { recursive: true });
    appendFileSync(
      join(profile, 'cluster.toml'),
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
    await lab.writeNotebook('remote.ipynb', SPEC, CELLS);
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

    await lab.runCell(0);
    await interrupted(page, card);
    await lab.screenshot('kernel-running');
    await lab.theme('JupyterLab Dark');
    await lab.screenshot('kernel-dark');
    await lab.theme('JupyterLab Light');

    // A terminal in the container.
    await card.getByRole('button', { name: /^Open a terminal/ }).click();
    const terminal = page.locator('.jp-Terminal');
    await expect(terminal).toBeVisible();
    const proof = join(ROOT, 'kernels', 'terminal.txt');
    rmSync(proof, { force: true });
    await expect(async () => {
      await terminal.click();
      await page.keyboard.type(`echo $CONTAINER_ID > ${proof}\n`);
      await expect.poll(() => existsSync(proof), { timeout: 3000 }).toBe(true);
    }).toPass();
    await lab.screenshot('kernel-terminal');
    await card.getByRole('button', { name: 'remote.ipynb' }).click();

    // Lab may have noticed that its server is gone.
    const lost = page.getByRole('dialog', { name: 'Server Connection Error' });
    await page.addLocatorHandler(lost, () => page.keyboard.press('Escape'));

    // The server is killed, and the kernel is the one from before.
    await server.end('SIGKILL');
    await server.start();
    await expect(
      page.locator('.jp-Notebook-ExecutionIndicator')
    ).toHaveAttribute('data-status', /idle|unknown/, { timeout: 90_000 });
    const last = page.locator('.jp-CodeCell').nth(2);
    await last.locator('.cm-content').click();
    await page.keyboard.press('Control+Enter');
    await expect(last.locator('.jp-OutputArea')).toContainText('still 42');
    await lab.screenshot('kernel-adopted');

    // A restart where it is takes the variables away.
    await card.getByRole('button', { name: /^Restart in place/ }).click();
    await page.getByRole('button', { name: 'Restart', exact: true }).click();
    await expect(async () => {
      await expect(await lab.runCell(2)).toContainText('NameError');
    }).toPass();

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

/** Run what never ends, and interrupt it from the panel. */
async function interrupted(page: Page, card: Locator): Promise<void> {
  const cell = page.locator('.jp-CodeCell').nth(1);
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.jp-Notebook-ExecutionIndicator')).toHaveAttribute(
    'data-status',
    'busy'
  );
  await card.getByRole('button', { name: /^Interrupt/ }).click();
  await expect(cell.locator('.jp-OutputArea')).toContainText(
    'KeyboardInterrupt'
  );
}
