import type { Page } from '@playwright/test';

import { expect, test } from './lab';
import { sandbox } from './sandbox';

const PRINCIPAL = /alice@PROD\.EXAMPLE\.COM/;

/** The only dialog. */
const dialog = (page: Page) => page.locator('.jp-Dialog');

/** Type a password into the form, and send it. */
async function typePassword(page: Page, password: string): Promise<void> {
  const field = page.getByLabel('Password', { exact: true });
  await expect(field).toBeFocused();
  await field.fill(password);
  await field.press('Enter');
}

/** Nobody is logged in, whatever a test before has left. */
test.beforeEach(async ({ page, place }) => {
  const reply = await page.request.delete(
    `${place.url}/jupyter-ext/credentials`
  );
  expect(reply.status()).toBe(204);
});

test.describe('as alice', () => {
  let app: string;
  test.beforeAll(() => {
    app = JSON.parse(sandbox('submit-as', 'alice', 'prod', 'alice-report'));
  });
  test.afterAll(() => {
    sandbox('kill-app-as', 'alice', 'prod', app);
  });

  test('log in to prod: wrong, then right; see her apps; log out', async ({
    lab,
    page
  }) => {
    await lab.open();
    const prod = await lab.card('Production');
    await expect(prod).toContainText('Login needed');
    await expect(prod).not.toContainText('alice-report');
    await lab.screenshot('login-needed');

    await prod
      .getByRole('button', { name: 'Log in: Production' })
      .press('Enter');
    await expect(dialog(page)).toContainText('PROD.EXAMPLE.COM');
    await page.getByLabel('User', { exact: true }).fill('alice');
    await page.getByLabel('User', { exact: true }).press('Tab');
    await typePassword(page, 'not-her-password');
    await expect(dialog(page).getByRole('alert')).toContainText(
      /Wrong password for alice@PROD\.EXAMPLE\.COM/
    );
    await lab.screenshot('login-wrong');
    await typePassword(page, 'alice-password');
    await expect(dialog(page)).toBeHidden();

    // The card is hers.
    await expect(prod).toContainText('Up');
    const who = prod.getByRole('button', { name: /^Login to Production/ });
    await expect(who).toHaveText(/^alice · (10 h|9 h 59 min)$/);
    await expect(prod).toContainText('0 running, 1 waiting');
    await expect(prod).toContainText('alice-report waits');
    await lab.screenshot('login-card');
    await lab.theme('JupyterLab Dark');
    await lab.screenshot('login-card-dark');
    await lab.theme('JupyterLab Light');

    await who.click();
    await page.getByRole('menuitem', { name: 'Renew Now' }).click();
    await expect(lab.toasts.filter({ hasText: 'is renewed' })).toBeVisible();
    await who.click();
    await page.getByRole('menuitem', { name: 'Who Am I…' }).click();
    await expect(dialog(page)).toContainText(PRINCIPAL);
    await expect(dialog(page)).toContainText('Alice Abel');
    await expect(dialog(page)).toContainText('analysts');
    await expect(
      dialog(page).getByRole('row', { name: /^HDFS .* in 23 h/ })
    ).toBeVisible();
    await lab.screenshot('who-am-i');
    await page.keyboard.press('Escape');

    // On production a kill is asked twice, and the second time wants the id.
    const detail = await lab.detail('Production');
    await detail.getByRole('button', { name: `Kill ${app}` }).click();
    await dialog(page).getByRole('button', { name: 'Continue…' }).click();
    await expect(dialog(page)).toContainText('is a production cluster');
    const kill = dialog(page).getByRole('button', {
      name: 'Kill on production'
    });
    await dialog(page).locator('input').fill('something else');
    await expect(kill).toBeDisabled();
    await lab.screenshot('kill-on-production');
    await dialog(page).locator('input').fill(app);
    await kill.click();
    await expect(detail).toContainText('KILLED');

    await who.click();
    await page.getByRole('menuitem', { name: 'Log Out' }).click();
    await expect(prod).toContainText('Login needed');
    await expect(prod).not.toContainText('alice-report');

    // The name is remembered, the password is nowhere.
    await prod.getByRole('button', { name: 'Log in: Production' }).click();
    await expect(page.getByLabel('User', { exact: true })).toHaveValue('alice');
    const field = page.getByLabel('Password', { exact: true });
    await expect(field).toBeFocused();
    await expect(field).toHaveValue('');
    expect(await page.content()).not.toContain('alice-password');
    await page.keyboard.press('Escape');
    await expect(dialog(page)).toBeHidden();
  });
});

test('a password that has expired is changed on the way in', async ({
  lab,
  page
}) => {
  await lab.open();
  try {
    const prod = await lab.card('Production');
    await prod.getByRole('button', { name: 'Log in: Production' }).click();
    await page.getByLabel('User', { exact: true }).fill('dave');
    await page.getByLabel('User', { exact: true }).press('Tab');
    await typePassword(page, 'dave-password');

    const [present, fresh, again] = [
      'Present password',
      'New password',
      'New one again'
    ].map(label => page.getByLabel(label, { exact: true }));
    await expect(present).toBeFocused();
    await expect(dialog(page).getByRole('alert')).toContainText('has expired');
    await present.fill('dave-password');
    await fresh.fill('of-quite-another-kind');
    await again.fill('of-quite-a-different-kind');
    await again.press('Enter');
    await expect(dialog(page)).toContainText('The two are not the same.');
    await lab.screenshot('login-change');
    await again.fill('of-quite-another-kind');
    await again.press('Enter');

    await expect(dialog(page)).toBeHidden();
    await expect(
      lab.toasts.filter({ hasText: 'The password is changed.' })
    ).toBeVisible();
    await expect(
      prod.getByRole('button', { name: /^Login to Production: dave/ })
    ).toBeVisible();
  } finally {
    sandbox('reset', 'dave');
  }
});

test('a notebook asks for a login and ends it, without a password', async ({
  lab,
  page
}) => {
  await lab.writeNotebook('login.ipynb', 'python-clusters', [
    '%cluster login prod alice',
    '%cluster whoami prod',
    '%cluster logout prod'
  ]);
  await lab.open('login.ipynb');
  await expect(
    page.getByRole('button', { name: /Cluster of the kernel/ })
  ).toHaveText('No cluster');
  await lab.runCell(0);
  await typePassword(page, 'alice-password');
  await expect(dialog(page)).toBeHidden();
  await expect(await lab.runCell(1)).toContainText(PRINCIPAL);
  await lab.runCell(2);
  await expect(
    lab.toasts.filter({ hasText: 'You are logged out of Production.' })
  ).toBeVisible();
  const prod = await lab.card('Production');
  await expect(prod).toContainText('Login needed');
});
