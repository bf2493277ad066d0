import { expect, test } from './lab';

test('switch by badge and by magic', async ({ lab, page }) => {
  await lab.writeNotebook('switch.ipynb', [
    '%load_ext jupyter_ext',
    '%cluster use stage',
    'import os; print(os.environ["HADOOP_CONF_DIR"])'
  ]);
  await lab.open('switch.ipynb');
  const badge = page.getByRole('button', { name: /Cluster of the kernel/ });
  await expect(badge).toHaveText('No cluster');

  await badge.click();
  await page.getByRole('menuitem', { name: 'Development' }).click();
  await expect(badge).toHaveText('Development');
  await expect(page.getByText('Now on dev')).toBeVisible();
  await lab.screenshot('badge');

  await lab.runAll(3);
  await expect(badge).toHaveText('Staging');
  await expect(page.locator('.jp-OutputArea-output').last()).toContainText(
    'clusters/stage/conf'
  );
  await badge.click();
  await expect(
    page.getByRole('menuitemcheckbox', { name: 'Staging', checked: true })
  ).toBeVisible();
  await lab.screenshot('magic');
  await page.keyboard.press('Escape');

  // A new kernel comes back to the notebook's cluster.
  await page.keyboard.press('Control+s');
  await page.getByRole('menuitem', { name: 'Kernel', exact: true }).click();
  await page.getByRole('menuitem', { name: /^Restart Kernel…/ }).click();
  await page
    .locator('.jp-Dialog')
    .getByText('Restart', { exact: true })
    .click();
  await expect(
    page.locator('.Toastify__toast').filter({ hasText: 'Now on stage' })
  ).toBeVisible();
  await expect(badge).toHaveText('Staging');
});
