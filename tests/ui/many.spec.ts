import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';

import { expect, test } from './lab';
import { CHECKOUT, EMPTY_LAB, PYTHON } from './places';

test.use({ place: EMPTY_LAB });

test('without a cluster the panel offers the sandbox', async ({ lab }) => {
  rmSync(EMPTY_LAB.clusters, { recursive: true, force: true });
  await lab.open();
  const panel = await lab.clusters();
  await expect(
    panel.getByRole('button', { name: 'Start the sandbox' })
  ).toBeVisible();
  await lab.screenshot('empty');
});

test('twenty clusters', async ({ lab }) => {
  const clusters = spawn(
    PYTHON,
    ['-m', 'tests.ui.busy', '20', '200', EMPTY_LAB.clusters],
    { cwd: CHECKOUT, stdio: ['pipe', 'pipe', 'inherit'] }
  );
  const ended = once(clusters, 'exit');
  try {
    await Promise.race([
      once(clusters.stdout, 'data'),
      ended.then(([code]) => {
        throw new Error(`The busy clusters ended with ${code}.`);
      })
    ]);
    await lab.open();
    const panel = await lab.clusters();
    await expect(panel.locator('.jp-jext-card')).toHaveCount(20);
    await expect(panel.locator('[data-state=connecting]')).toHaveCount(0);
    await expect(panel.locator('[data-state=degraded]')).not.toHaveCount(0);
    await lab.screenshot('twenty');

    await panel.getByTitle('Collapse or expand every card').click();
    await expect(panel.getByRole('button', { expanded: false })).toHaveCount(
      20
    );
    await expect(
      panel.getByRole('region', { name: 'Cluster 20', exact: true })
    ).toBeInViewport({ ratio: 1 });
    await lab.screenshot('twenty-collapsed');
  } finally {
    clusters.stdin.end();
    await ended;
    rmSync(EMPTY_LAB.clusters, { recursive: true, force: true });
  }
});
