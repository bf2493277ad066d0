import { expect, test } from './lab';

test('an application appears, another waits with its reason, and is killed', async ({
  apps,
  lab,
  page
}) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await lab.open();
  const dev = await lab.card('Development');
  await expect(dev).toContainText('Up');
  const running = apps.submit('dev', 'nightly-report', 'small');
  await expect(dev).toContainText('1 running');
  const waiting = apps.submit('dev', 'ad-hoc-query', 'small');
  await expect(dev).toContainText('1 waiting');

  const detail = await lab.detail('Development');
  const row = (app: string) =>
    detail
      .getByRole('row')
      .filter({ has: page.getByRole('button', { name: `Details of ${app}` }) });
  await expect(row(waiting)).toContainText('ACCEPTED');
  await expect(row(running)).toContainText('RUNNING');
  await expect(dev).toContainText(/ad-hoc-query waits: .*ApplicationMasters/);
  await lab.screenshot('waiting');

  await detail.getByRole('button', { name: `Details of ${running}` }).click();
  await detail.getByLabel('Log file').selectOption('stdout');
  await expect(
    detail.getByRole('region', { name: /^stdout of/ })
  ).toContainText('registered');
  await lab.screenshot('log');

  for (const app of [waiting, running]) {
    await detail.getByRole('button', { name: `Kill ${app}` }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(app);
    if (app === waiting) {
      await lab.screenshot('kill');
    }
    await dialog.getByRole('button', { name: 'Kill' }).click();
    await expect(row(app)).toContainText('KILLED');
  }
});
