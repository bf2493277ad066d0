import { expect, test } from './lab';
import { SANDBOX_LAB, writeSettings } from './places';

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

  await prod.getByRole('button', { name: 'Doctor: Production' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Took');
  await expect(dialog).toContainText('Name resolution');
  await expect(dialog).toContainText('Wants Kerberos (Negotiate).');
  await lab.screenshot('doctor');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('a detail view in both themes, and what comes back after a reload', async ({
  lab,
  page
}) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await lab.open();
  await expect(await lab.card('Development')).toContainText('Up');
  const saved = lab.saved('jupyter-ext-details:dev');
  const detail = await lab.detail('Development');
  await expect(detail.getByRole('heading', { name: 'Queues' })).toBeVisible();
  await expect(detail).toContainText('guarantee 20 %');
  await detail.getByRole('button', { name: 'Show nodes' }).click();
  await expect(detail.getByRole('row', { name: /RUNNING/ })).toBeVisible();
  await lab.screenshot('detail');
  await lab.theme('JupyterLab Dark');
  await lab.screenshot('dark');
  await lab.theme('JupyterLab Light');
  await saved;

  // A card folds away by keyboard.
  const head = (await lab.card('Staging'))
    .getByRole('button', { name: /Staging/ })
    .first();
  await expect(head).toHaveAttribute('aria-expanded', 'true');
  await head.focus();
  const folded = lab.saved('jupyter-ext:collapsed');
  await page.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-expanded', 'false');
  await folded;

  await lab.reload();
  await expect(detail).toContainText('guarantee 20 %');
  await expect(head).toHaveAttribute('aria-expanded', 'false');
  await head.focus();
  await page.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-expanded', 'true');
});

test('in Chinese', async ({ lab, page }) => {
  writeSettings(SANDBOX_LAB, {
    '@jupyterlab/translation-extension:plugin': { locale: 'zh_CN' }
  });
  await page.setViewportSize({ width: 1280, height: 900 });
  await lab.open();
  await page.getByRole('tab', { name: '集群' }).click();
  const prod = page.getByRole('region', { name: 'Production', exact: true });
  await expect(prod).toContainText('需要登录');
  const dev = page.getByRole('region', { name: 'Development', exact: true });
  await expect(dev.getByRole('meter', { name: '内存' })).toBeVisible();
  await dev.getByRole('button', { name: '详情：Development' }).click();
  await expect(
    page.locator('.jp-jext-detail').getByRole('heading', { name: '队列' })
  ).toBeVisible();
  await lab.screenshot('chinese');
});
