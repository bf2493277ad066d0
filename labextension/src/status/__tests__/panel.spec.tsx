import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { nullTranslator } from '@jupyterlab/translation';
import { framePromise } from '@jupyterlab/testing';
import { Widget } from '@lumino/widgets';
import { waitFor } from '@testing-library/dom';

import type { Card, ClusterStatus, Identity } from '../../api';
import { Collapse } from '../collapse';
import { ClustersPanel } from '../panel';
import type { Connection, IStatusModel } from '../tokens';
import { card, status } from './cards';

/** A model that the test sets. */
class FakeModel implements IStatusModel {
  cards: Card[] = [];
  connection: Connection = 'open';
  lostAt: number | null = null;
  ready = true;
  isDisposed = false;
  readonly boardChanged = new Signal<this, void>(this);
  readonly statusChanged = new Signal<this, ClusterStatus>(this);
  readonly identityChanged = new Signal<this, Identity>(this);
  readonly connectionChanged = new Signal<this, Connection>(this);
  readonly kernels = null;
  readonly kernelsChanged = new Signal<this, void>(this);

  card(name: string): Card | undefined {
    return this.cards.find(c => c.profile.name === name);
  }

  refresh(): void {
    return;
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

let model: FakeModel;
let panel: ClustersPanel;

async function show(): Promise<HTMLElement> {
  panel = new ClustersPanel({
    model,
    collapse: new Collapse(),
    commands: new CommandRegistry(),
    run: () => undefined,
    openMenu: () => undefined,
    trans: nullTranslator.load('jupyter_ext')
  });
  Widget.attach(panel, document.body);
  await framePromise();
  return panel.node;
}

beforeEach(() => {
  model = new FakeModel();
});

afterEach(() => {
  panel.dispose();
});

describe('ClustersPanel', () => {
  it('shows a card per cluster and follows their statuses', async () => {
    model.cards = [card('dev'), card('prod')];
    const node = await show();
    await waitFor(() =>
      expect(node.querySelectorAll('section').length).toBe(2)
    );

    model.cards = [card('dev'), card('prod', { state: 'down' })];
    model.statusChanged.emit(status('prod'));

    await waitFor(() =>
      expect(
        node.querySelector('[data-cluster=prod]')?.getAttribute('data-state')
      ).toBe('down')
    );
  });

  it('says how old the data is when the connection is lost', async () => {
    model.cards = [card('dev')];
    model.connection = 'lost';
    model.lostAt = Date.now() - 90_000;
    const node = await show();

    await waitFor(() =>
      expect(node.querySelector('[role=status]')?.textContent).toContain(
        'Connection to the server lost; data 1 min 30 s old; reconnecting.'
      )
    );
    expect(node.querySelectorAll('section').length).toBe(1);
  });

  it.each([
    ['missing' as const, 'pip install jupyter-ext'],
    ['outdated' as const, 'Restart the Jupyter server']
  ])('tells what to do about a %s server', async (connection, advice) => {
    model.connection = connection;
    const node = await show();

    await waitFor(() =>
      expect(node.querySelector('[role=alert]')?.textContent).toContain(advice)
    );
  });
});
