import { expect, test } from './lab';

test('switch by badge and by magic', async ({ lab, page }) => {
  await lab.writeNotebook('switch.ipynb', 'python3', [
    '%cluster',
    '%cluster use stage',
    '%cluster'
  ]);
  await lab.open('switch.ipynb');
  const badge = page.getByRole('button', { name: /Cluster of the kernel/ });
  await expect(badge).toHaveText('No cluster');

  // By badge: the kernel agrees.
  await badge.click();
  await page.getByRole('menuitem', { name: 'Development' }).click();
  await expect(badge).toHaveText('Development');
  await expect(lab.toasts.filter({ hasText: 'Now on dev' })).toBeVisible();
  const onDev = await lab.runCell(0);
  await expect(onDev).toContainText('dev · Development');
  await expect(onDev).toContainText('clusters/dev/conf');

  // By magic: the badge agrees, and says so in its menu.
  await expect(await lab.runCell(1)).toContainText('Now on stage');
  await expect(badge).toHaveText('Staging');
  const onStage = await lab.runCell(2);
  await expect(onStage).toContainText('stage · Staging');
  await expect(onStage).toContainText('clusters/stage/conf');
  await badge.click();
  await expect(
    page.getByRole('menuitemcheckbox', { name: 'Staging', checked: true })
  ).toBeVisible();
  await lab.screenshot('switch');
  await page.keyboard.press('Escape');

  // A new kernel comes back to the notebook's cluster.
  await page.keyboard.press('Control+s');
  await page.getByRole('menuitem', { name: 'Kernel', exact: true }).click();
  await page.getByRole('menuitem', { name: /^Restart Kernel…/ }).click();
  await page
    .locator('.jp-Dialog')
    .getByText('Restart', { exact: true })
    .click();
  await expect(lab.toasts.filter({ hasText: 'Now on stage' })).toBeVisible();
  await expect(badge).toHaveText('Staging');
});

test('the magic in its own kernel, with the live view', async ({
  apps,
  lab,
  page
}) => {
  const app = apps.submit('dev', 'nightly-report', 'small');
  await lab.writeNotebook('magic.ipynb', 'python-clusters', [
    '%cluster use dev',
    '%cluster list',
    '%cluster apps',
    '%cluster status --plot'
  ]);
  await lab.open('magic.ipynb');
  await expect(await lab.runCell(0)).toContainText('Now on dev');
  const list = await lab.runCell(1);
  for (const name of ['dev', 'prod', 'stage']) {
    await expect(list.getByRole('cell', { name, exact: true })).toBeVisible();
  }
  await expect(await lab.runCell(2)).toContainText(app);
  await lab.screenshot('magic');

  const view = await lab.runCell(3);
  await expect(view.locator('.bk-Figure')).toHaveCount(4);
  // It goes on by itself: the time at which the cluster was asked moves.
  const asked = view.getByText(/dev: up · \d/);
  const first = await asked.innerText();
  await expect(asked).not.toHaveText(first);
  await view.locator('.bk-Figure').last().scrollIntoViewIfNeeded();
  await lab.screenshot('plot');
});
