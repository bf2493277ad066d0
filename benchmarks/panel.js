// How long it takes until the panel shows every cluster: node panel.js URL CLUSTERS RUNS
//
// Prints one line of JSON per run, in milliseconds: until JupyterLab is there; until a panel of
// JupyterLab's own is painted; until ours is painted with every cluster; until no card is still
// connecting.
const { join } = require('node:path');
const { chromium } = require(
  join(__dirname, '..', 'tests', 'ui', 'node_modules', 'playwright-core')
);

const PEER = 'jp-running-sessions';
const OURS = 'jp-jext-clusters';

/** In the page: show a panel, and wait until it is painted with `number` of something. */
async function paint([id, selector, number]) {
  const frame = () => new Promise(requestAnimationFrame);
  const start = performance.now();
  window.jupyterapp.shell.activateById(id);
  while (document.querySelectorAll(`#${id} ${selector}`).length < number) {
    await frame();
  }
  // What a frame's callbacks change is on the screen before the next frame's callbacks run.
  await frame();
  await frame();
  return performance.now() - start;
}

/** In the page: wait until every card shows a cluster's data. */
async function settled(id) {
  const start = performance.now();
  while (document.querySelector(`#${id} [data-state=connecting]`)) {
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - start;
}

async function main(url, clusters, runs) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu']
  });
  for (let run = 0; run < runs; run++) {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 }
    });
    const start = performance.now();
    await page.goto(url);
    await page.locator('#jp-main-dock-panel').waitFor();
    await page.locator('#jupyterlab-splash').waitFor({ state: 'hidden' });
    const lab = performance.now() - start;
    const peer = await page.evaluate(paint, [
      PEER,
      '.jp-RunningSessions-section',
      1
    ]);
    const ours = await page.evaluate(paint, [OURS, '.jp-jext-card', clusters]);
    const data = ours + (await page.evaluate(settled, OURS));
    console.log(JSON.stringify({ lab, peer, ours, data }));
    await page.close();
  }
  await browser.close();
}

const [url, clusters, runs] = process.argv.slice(2);
void main(url, Number(clusters), Number(runs));
