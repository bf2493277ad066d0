import { expect, test } from './lab';
import { sandbox } from './sandbox';

test('a killed NodeManager degrades its cluster until it is back', async ({
  lab
}) => {
  await lab.open();
  const dev = await lab.card('Development');
  await expect(dev).toContainText('Up');
  try {
    sandbox('kill', 'dev-nodemanager');
    await expect(dev).toContainText('Degraded');
    await expect(dev).toContainText('None of 1 NodeManagers is active');
    await expect(await lab.card('Staging')).toContainText('Up');
    await lab.screenshot('degraded');
  } finally {
    sandbox('up', '--only', 'dev', '--processes');
  }
  await expect(dev).toContainText('Up');
});

test('a server without the extension: one clear notice', async ({
  lab,
  page
}) => {
  // What a server answers that has never heard of these addresses.
  await page.route('**/jupyter-ext/**', route =>
    route.fulfill({ status: 404, contentType: 'text/html', body: 'Not Found' })
  );
  await page.routeWebSocket('**/jupyter-ext/**', socket =>
    socket.close({ code: 1006 })
  );
  await lab.open();
  const panel = await lab.clusters();
  await expect(panel).toContainText(/server extension/i);
  await expect(page.locator('.Toastify__toast')).toHaveCount(1);
  await lab.screenshot('missing');
});
