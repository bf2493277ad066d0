import { expect, test } from './lab';

test('dev and stage are live, prod asks for a login', async ({ lab, page }) => {
  await lab.open();
  await expect(await lab.card('Development')).toContainText('Up');
  await expect(await lab.card('Staging')).toContainText('Up');
  const prod = await lab.card('Production');
  await expect(prod).toContainText('Login needed');
  await expect(prod).toContainText('PROD.EXAMPLE.COM');
  const dev = await lab.card('Development');
  await expect(dev.getByRole('meter', { name: 'Memory' })).toHaveAttribute(
    'aria-valuetext',
    /of 4 GB/
  );
  await lab.screenshot('clusters');

  // A card folds away by keyboard, and stays so after a reload.
  const head = dev.getByRole('button', { name: /Development/ }).first();
  await head.focus();
  await page.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-expanded', 'true');
});

test('a detail view shows queues, nodes and HDFS, and comes back after a reload', async ({
  lab,
  page
}) => {
  await lab.open();
  const dev = await lab.card('Development');
  await expect(dev).toContainText('Up');
  const saved = lab.saved('jupyter-ext-details:dev');
  await dev.getByRole('button', { name: 'Details: Development' }).click();
  const detail = page.locator('#jp-main-dock-panel .jp-MainAreaWidget:visible');
  await expect(detail.getByRole('heading', { name: 'Queues' })).toBeVisible();
  await expect(
    detail.getByText('guarantee 20 %', { exact: false })
  ).toBeVisible();
  await expect(
    detail.getByRole('heading', { name: 'My applications' })
  ).toBeVisible();
  await lab.screenshot('detail');
  await saved;
  await lab.reload();
  await expect(
    page.locator('#jp-main-dock-panel').getByText('guarantee 20 %').first()
  ).toBeVisible();
});

test('the doctor examines a cluster', async ({ lab, page }) => {
  await lab.open();
  const prod = await lab.card('Production');
  await prod.getByRole('button', { name: 'Doctor: Production' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Took');
  await expect(dialog).toContainText('Name resolution');
  await lab.screenshot('doctor');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(dialog).toBeHidden();
});

test('the dark theme', async ({ lab }) => {
  await lab.open();
  await expect(await lab.card('Development')).toContainText('Up');
  await lab.theme('JupyterLab Dark');
  const dev = await lab.card('Development');
  await dev.getByRole('button', { name: 'Details: Development' }).click();
  await expect(
    lab.page.locator('#jp-main-dock-panel').getByText('guarantee 20 %').first()
  ).toBeVisible();
  await lab.screenshot('dark');
});
