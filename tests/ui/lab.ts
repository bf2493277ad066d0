import type { Locator, Page } from '@playwright/test';
import { test as base, expect } from '@playwright/test';
import { join } from 'node:path';

import type { ILabPlace } from './places';
import { SANDBOX_LAB, SCREENSHOTS, writeSettings } from './places';
import { Applications } from './sandbox';

/** A page with JupyterLab. */
export class Lab {
  constructor(
    readonly page: Page,
    private readonly _place: ILabPlace
  ) {}

  /** Open Lab in a workspace of its own, with nothing in it but, perhaps, one document. */
  async open(path = ''): Promise<void> {
    const tree = path ? `/tree/${path}` : '';
    await this.page.goto(
      `${this._place.url}/lab/workspaces/ui-tests${tree}?reset`
    );
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
    await this.page.goto(`${this._place.url}/lab/workspaces/ui-tests`);
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

  /** The detail view of a cluster, opened from its card. */
  async detail(title: string): Promise<Locator> {
    const card = await this.card(title);
    await card.getByRole('button', { name: `Details: ${title}` }).click();
    const view = this.page.locator('#jp-main-dock-panel .jp-jext-detail');
    await expect(view).toBeVisible();
    return view;
  }

  /** What Lab tells in its corner. */
  get toasts(): Locator {
    return this.page.locator('.Toastify__toast');
  }

  /** Write a notebook with these cells. */
  async writeNotebook(
    path: string,
    kernel: string,
    cells: string[]
  ): Promise<void> {
    const content = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: { name: kernel, display_name: kernel } },
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
      `${this._place.url}/api/contents/${path}`,
      { data: { type: 'notebook', format: 'json', content } }
    );
    expect(response.ok()).toBe(true);
  }

  /** Run a cell, wait until it has ended, and give what it put out. */
  async runCell(index: number): Promise<Locator> {
    const cell = this.page.locator('.jp-CodeCell').nth(index);
    // What is run before the kernel is there is forgotten.
    await expect(
      this.page.locator('.jp-Notebook-ExecutionIndicator')
    ).toHaveAttribute('data-status', 'idle');
    const prompt = cell.locator('.jp-InputPrompt');
    // About one in ten first runs is lost right after a notebook has opened; why is not known yet.
    await expect(async () => {
      await cell.locator('.cm-content').click();
      await this.page.keyboard.press('Control+Enter');
      await expect(prompt).toHaveText(/\[[\d*]+\]:/, { timeout: 3000 });
    }).toPass();
    await expect(prompt).toHaveText(/\[\d+\]:/);
    return cell.locator('.jp-OutputArea');
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

/** A test with a Lab; unless another place is chosen, the one that shows the sandbox. */
export const test = base.extend<{
  place: ILabPlace;
  lab: Lab;
  apps: Applications;
}>({
  place: [SANDBOX_LAB, { option: true }],
  lab: async ({ page, place }, use) => {
    // The theme and the language of the test before would outlive its page.
    writeSettings(place, {});
    await use(new Lab(page, place));
  },
  apps: async ({}, use) => {
    const apps = new Applications();
    await use(apps);
    apps.end();
  }
});

export { expect };
