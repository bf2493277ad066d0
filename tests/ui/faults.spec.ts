import { expect, test } from './lab';
import { MISSING_LAB, OUTDATED_LAB } from './places';
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
    await expect(dev).toContainText('The only NodeManager is lost');
    await expect(await lab.card('Staging')).toContainText('Up');
    await lab.screenshot('degraded');
  } finally {
    sandbox('up', '--only', 'dev', '--processes');
  }
  await expect(dev).toContainText('Up');
});

for (const { place, picture, title, text } of [
  {
    place: MISSING_LAB,
    picture: 'missing',
    title: 'The server extension is not running.',
    text: /pip install jupyter-ext.*restart the server and reload this page\./
  },
  {
    place: OUTDATED_LAB,
    picture: 'outdated',
    title: 'Server and page do not fit together.',
    text: /Restart the Jupyter server.*pip install --upgrade jupyter-ext\)\./
  }
]) {
  test.describe(() => {
    test.use({ place });
    test(`a server whose extension is ${picture}: one clear notice`, async ({
      lab
    }) => {
      await lab.open();
      const notice = lab.toasts;
      await expect(notice).toHaveCount(1);
      await expect(notice).toContainText(title);
      await expect(notice).not.toContainText('…');
      await notice.getByRole('button', { name: 'Show Clusters' }).click();
      const panel = lab.page.locator('#jp-jext-clusters');
      await expect(panel.getByRole('alert')).toContainText(title);
      await expect(panel.getByRole('alert')).toContainText(text);
      await lab.screenshot(picture);
    });
  });
}
