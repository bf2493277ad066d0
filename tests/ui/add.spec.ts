import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from './lab';
import { ROOT, SANDBOX_LAB } from './places';
import { sandbox } from './sandbox';

test('add a cluster from an archive, after a wrong one', async ({
  lab,
  page
}) => {
  const wrong = join(ROOT, 'holiday.zip');
  writeFileSync(wrong, 'not an archive at all');
  const right: string = JSON.parse(
    sandbox('archive', 'dev', join(ROOT, 'analytics'))
  );
  rmSync(join(SANDBOX_LAB.clusters, 'analytics'), {
    recursive: true,
    force: true
  });

  await lab.open();
  const panel = await lab.clusters();
  await panel.getByRole('button', { name: 'Add a cluster' }).click();
  const dialog = page.getByRole('dialog');
  await lab.screenshot('add');
  const file = dialog.locator('input[type=file]');
  await file.setInputFiles(wrong);
  await dialog.getByLabel('Title').fill('Analytics');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText(/holiday\.zip/);
  await expect(dialog.getByLabel('Title')).toHaveValue('Analytics');
  await lab.screenshot('add-wrong');

  await file.setInputFiles(right);
  await dialog.getByLabel('Name', { exact: true }).fill('analytics');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(await lab.card('Analytics')).toContainText('Up');
  await lab.screenshot('added');

  await (
    await lab.card('Analytics')
  )
    .getByRole('button', { name: 'Remove: Analytics' })
    .click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Remove' })
    .click();
  await expect(await lab.card('Analytics')).toHaveCount(0);
});
