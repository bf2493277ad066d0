import type { Locator, Page } from '@playwright/test';
import { test as base, expect } from '@playwright/test';
import { join } from 'node:path';

import { SANDBOX_LAB, SCREENSHOTS } from './places';

/** A page with JupyterLab. */
export class Lab {
  constructor(
    readonly page: Page,
    private readonly _url: string = SANDBOX_LAB.url
  ) {}

  /** Open Lab in a workspace of its own, with nothing in it but, perhaps, one document. */
  async open(path = ''): Promise<void> {
    const tree = path ? `/tree/${path}` : '';
    await this.page.goto(`${this._url}/lab/workspaces/ui-tests${tree}?reset`);
    await this.ready();
    if (!path) {
      // Lab opens it when it has found nothing else, a moment late.
      await expect(this.page.locator('.jp-Launcher')).toBeVisible();
    }
  }

  /** Wait until Lab has kept a layout that names a part; call it before the change that adds it. */
  async saved(part: string): Promise<void> {
    await this.page.waitForResponse(
      response =>
        response.url().includes('/api/workspaces/') &&
        response.request().method() === 'PUT' &&
        (response.request().postData() ?? '').includes(part)
    );
  }

  /** Reload, keeping the layout. */
  async reload(): Promise<void> {
    await this.page.goto(`${this._url}/lab/workspaces/ui-tests`);
    await this.ready();
  }

  async ready(): Promise<void> {
    await expect(this.page.locator('#jupyterlab-splash')).toBeHidden();
    await expect(this.page.locator('#jp-main-dock-panel')).toBeVisible();
  }

  /** The side panel, opened. */
  async clusters(): Promise<Locator> {
    const panel = this.page.locator('#jp-jext-clusters');
    if (!(await panel.isVisible())) {
      await this.page.getByRole('tab', { name: 'Clusters' }).first().click();
    }
    await expect(panel).toBeVisible();
    return panel;
  }

  /** The card of a cluster. */
  async card(title: string): Promise<Locator> {
    const panel = await this.clusters();
    return panel.getByRole('region', { name: title, exact: true });
  }

  /** Run a command of the palette. */
  async run(label: string): Promise<void> {
    await this.page.keyboard.press('Control+Shift+C');
    const input = this.page.getByPlaceholder('SEARCH', { exact: false });
    await input.fill(label);
    await this.page
      .locator('.lm-CommandPalette-item', { hasText: label })
      .first()
      .click();
  }

  /** Write a notebook with these cells. */
  async writeNotebook(path: string, cells: string[]): Promise<void> {
    const content = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {
        kernelspec: { name: 'python3', display_name: 'Python 3' }
      },
      cells: cells.map((source, index) => ({
        id: `cell-${index}`,
        cell_type: 'code',
        source,
        metadata: {},
        outputs: [],
        execution_count: null
      }))
    };
    const response = await this.page.request.put(
      `${this._url}/api/contents/${path}`,
      { data: { type: 'notebook', format: 'json', content } }
    );
    expect(response.ok()).toBe(true);
  }

  /** Run all cells and wait for their `count` prompts. */
  async runAll(count: number): Promise<void> {
    await this.page.getByRole('menuitem', { name: 'Run', exact: true }).click();
    await this.page
      .getByRole('menuitem', { name: 'Run All Cells', exact: true })
      .click();
    await expect(
      this.page
        .locator('.jp-CodeCell .jp-InputPrompt')
        .filter({ hasText: /\[\d+\]:/ })
    ).toHaveCount(count);
  }

  /** Choose a theme. */
  async theme(name: 'JupyterLab Light' | 'JupyterLab Dark'): Promise<void> {
    await this.page.evaluate(
      theme =>
        (
          window as never as {
            jupyterapp: {
              commands: { execute(id: string, args: object): Promise<void> };
            };
          }
        ).jupyterapp.commands.execute('apputils:change-theme', { theme }),
      name
    );
    await expect(this.page.locator('body')).toHaveAttribute(
      'data-jp-theme-name',
      name
    );
  }

  /** Keep what is on the page. */
  async screenshot(name: string): Promise<void> {
    await this.page.mouse.move(640, 790);
    await this.page.screenshot({
      path: join(SCREENSHOTS, `${name}.png`),
      animations: 'disabled'
    });
  }
}

/** A test with a Lab that shows the sandbox. */
export const test = base.extend<{ lab: Lab }>({
  lab: async ({ page }, use) => {
    const lab = new Lab(page);
    await use(lab);
    // A setting, so it would outlive the page.
    if (
      (await page.locator('body').getAttribute('data-jp-theme-light')) ===
      'false'
    ) {
      await lab.theme('JupyterLab Light');
    }
  }
});

export { expect };
