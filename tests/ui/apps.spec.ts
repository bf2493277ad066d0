import { expect, test } from './lab';
import { submit } from './sandbox';

test('an application appears, another waits with its reason, and is killed', async ({
  lab,
  page
}) => {
  await lab.open();
  const dev = await lab.card('Development');
  await expect(dev).toContainText('Up');
  const running = submit('dev', 'nightly-report', 'small');
  await expect(dev).toContainText('1 running');
  const waiting = submit('dev', 'ad-hoc-query', 'small');
  await expect(dev).toContainText('1 waiting');

  await dev.getByRole('button', { name: 'Details: Development' }).click();
  const detail = page.locator('#jp-main-dock-panel .jp-MainAreaWidget:visible');
  const row = detail.getByRole('row').filter({ hasText: waiting });
  await expect(row).toContainText('ACCEPTED');
  await expect(dev).toContainText(/ad-hoc-query waits: .*ApplicationMasters/);
  await lab.screenshot('waiting');

  for (const app of [waiting, running]) {
    await detail.getByRole('button', { name: `Kill ${app}` }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(app);
    if (app === waiting) {
      await lab.screenshot('kill');
    }
    await dialog.getByRole('button', { name: 'Kill' }).click();
    await expect(
      detail.getByRole('row').filter({ hasText: app })
    ).toContainText('KILLED');
  }
});
