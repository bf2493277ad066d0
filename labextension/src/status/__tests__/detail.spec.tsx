import { Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';

import type { Card, ClusterStatus, Identity } from '../../api';
import { ClusterClient } from '../client';
import { ClusterDetail } from '../detail';
import type { Connection, IStatusModel } from '../tokens';
import { card, status, yarn } from './cards';
import { app, APP_ID, client } from './detailCards';

const trans = nullTranslator.load('jupyter_ext');

/** A model that says what the test says. */
class FakeModel implements IStatusModel {
  cards: Card[] = [];
  connection: Connection = 'open';
  lostAt: number | null = null;
  ready = true;
  isDisposed = false;
  refresh = jest.fn();
  readonly boardChanged: Signal<IStatusModel, void> = new Signal(this);
  readonly statusChanged: Signal<IStatusModel, ClusterStatus> = new Signal(
    this
  );
  readonly identityChanged: Signal<IStatusModel, Identity> = new Signal(this);
  readonly connectionChanged: Signal<IStatusModel, Connection> = new Signal(
    this
  );
  readonly kernels = null;
  readonly kernelsChanged: Signal<IStatusModel, void> = new Signal(this);

  card(name: string): Card | undefined {
    return this.cards.find(({ profile }) => profile.name === name);
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

interface IAsked {
  method: string;
  url: string;
}

let model: FakeModel;
let detail: ClusterDetail;
let asked: IAsked[];
let answer: () => Response;
let confirmsKill: boolean;

/** Show the detail view of `dev`, with a client that talks to a fake server. */
async function show(): Promise<void> {
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/',
    fetch: async (input: RequestInfo | URL) => {
      const { method, url } = input as Request;
      asked.push({ method, url });
      return answer();
    }
  });
  detail = new ClusterDetail({
    cluster: 'dev',
    model,
    client: new ClusterClient('dev', settings),
    run: jest.fn(),
    confirmsKill: () => confirmsKill,
    trans
  });
  await act(async () => {
    Widget.attach(detail, document.body);
  });
}

/** The dialog with this title. */
async function dialog(title: string): Promise<void> {
  await waitFor(() =>
    expect(document.querySelector('.jp-Dialog-header')?.textContent).toBe(title)
  );
}

/** Press a button; jsdom counts what stands in a modal dialog as hidden. */
async function press(name: string): Promise<void> {
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name, hidden: true }));
  });
}

beforeEach(() => {
  model = new FakeModel();
  asked = [];
  confirmsKill = true;
  answer = () => new Response(null, { status: 204 });
});

afterEach(async () => {
  Notification.dismiss();
  await act(async () => {
    detail.dispose();
  });
  document.body.replaceChildren();
});

describe('ClusterDetail', () => {
  it('shows the cluster and follows its changes', async () => {
    model.cards = [card('dev', { yarn: yarn() }, { title: 'Development' })];
    await show();

    expect(detail.title.label).toBe('Development');
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(
      'Development'
    );
    expect(screen.getByText('http://rm2:8088').closest('tr')?.textContent).toBe(
      'ResourceManagerrm2http://rm2:8088standby'
    );
    expect(
      screen.getByText('No applications of yours in the last hour.')
    ).not.toBeNull();

    const next = status('dev', {
      state: 'degraded',
      reason: 'One NodeManager is lost.'
    });
    model.cards = [{ ...model.cards[0], status: next }];
    await act(async () => {
      model.statusChanged.emit(next);
    });
    expect(await screen.findByText(/One NodeManager is lost/)).not.toBeNull();
  });

  it('does not render for another cluster', async () => {
    model.cards = [card('dev')];
    await show();
    const update = jest.spyOn(detail, 'update');

    model.statusChanged.emit(status('prod'));
    expect(update).not.toHaveBeenCalled();
    model.statusChanged.emit(status('dev'));
    expect(update).toHaveBeenCalledTimes(1);
  });

  it('says that the cluster has been removed', async () => {
    model.cards = [card('dev')];
    await show();
    model.cards = [];
    await act(async () => {
      model.boardChanged.emit();
    });

    expect(
      await screen.findByText(/The cluster dev has been removed/)
    ).not.toBeNull();
  });

  it('waits for the server before it says so', async () => {
    model.ready = false;
    await show();

    expect(screen.getByText('Waiting for the server…')).not.toBeNull();
  });
});

describe('killing', () => {
  it('asks once, then tells the server', async () => {
    model.cards = [card('dev', { apps: [app()] })];
    await show();
    await press(`Kill ${APP_ID}`);
    await dialog('Kill this application?');
    expect(asked).toEqual([]);

    await press('Kill');
    await waitFor(() =>
      expect(asked).toEqual([
        {
          method: 'DELETE',
          url: expect.stringContaining(`/jupyter-ext/status/dev/apps/${APP_ID}`)
        }
      ])
    );
    await waitFor(() => expect(model.refresh).toHaveBeenCalledTimes(1));
    expect(Notification.manager.notifications[0].type).toBe('success');
  });

  it('does not ask where the user wants no question', async () => {
    confirmsKill = false;
    model.cards = [card('dev', { apps: [app()] })];
    await show();
    await press(`Kill ${APP_ID}`);

    await waitFor(() => expect(asked.length).toBe(1));
    expect(document.querySelector('.jp-Dialog')).toBeNull();
  });

  it('does nothing when cancelled', async () => {
    model.cards = [card('dev', { apps: [app()] })];
    await show();
    await press(`Kill ${APP_ID}`);
    await dialog('Kill this application?');
    await press('Cancel');

    await waitFor(() =>
      expect(
        screen.getByRole<HTMLButtonElement>('button', {
          name: `Kill ${APP_ID}`
        }).disabled
      ).toBe(false)
    );
    expect(asked).toEqual([]);
  });

  it('asks twice on production whatever the settings say, and wants the id', async () => {
    confirmsKill = false;
    model.cards = [card('dev', { apps: [app()] }, { production: true })];
    await show();
    await press(`Kill ${APP_ID}`);
    await dialog('Kill this application?');
    await press('Continue…');
    await dialog('dev is a production cluster');
    expect(asked).toEqual([]);

    const field = await screen.findByRole('textbox', { hidden: true });
    const accept = screen.getByRole<HTMLButtonElement>('button', {
      name: 'Kill on production',
      hidden: true
    });
    fireEvent.input(field, { target: { value: 'application_1' } });
    expect(accept.disabled).toBe(true);
    fireEvent.input(field, { target: { value: APP_ID } });
    expect(accept.disabled).toBe(false);
    expect(asked).toEqual([]);

    await press('Kill on production');
    await waitFor(() =>
      expect(asked.map(({ method }) => method)).toEqual(['DELETE'])
    );
  });

  it('kills nothing on production without the id', async () => {
    model.cards = [card('dev', { apps: [app()] }, { production: true })];
    await show();
    await press(`Kill ${APP_ID}`);
    await dialog('Kill this application?');
    await press('Continue…');
    await dialog('dev is a production cluster');
    await screen.findByRole('textbox', { hidden: true });
    await press('Kill on production');

    await waitFor(() =>
      expect(Notification.manager.notifications[0]?.message).toContain(
        'nothing was killed'
      )
    );
    expect(asked).toEqual([]);
  });

  it('shows why it was refused', async () => {
    answer = () =>
      new Response(
        JSON.stringify({
          code: 'forbidden',
          message: 'alice may not kill it.',
          hint: 'Ask bob.'
        }),
        { status: 403 }
      );
    model.cards = [card('dev', { apps: [app()] })];
    await show();
    await press(`Kill ${APP_ID}`);
    await dialog('Kill this application?');
    await press('Kill');

    expect((await screen.findByRole('alert')).textContent).toBe(
      'alice may not kill it. Ask bob.'
    );
    expect(Notification.manager.notifications[0].type).toBe('error');
  });

  it('offers no kill for what has ended', async () => {
    const ended = app({ state: 'FINISHED', final_status: 'SUCCEEDED' });
    model.cards = [card('dev', { apps: [ended] })];
    await show();

    expect(screen.getByText('FINISHED (SUCCEEDED)')).not.toBeNull();
    expect(screen.queryByRole('button', { name: /^Kill/ })).toBeNull();
  });
});

describe('an application that waits', () => {
  it('says why in the table, and unfolded what the scheduler answers', async () => {
    const waiting = app({
      state: 'ACCEPTED',
      containers: 0,
      waiting: 'The AM limit of root.batch is used up.',
      diagnostics: 'first line\nsecond line'
    });
    model.cards = [card('dev', { apps: [waiting] })];
    const activities = jest.fn().mockResolvedValue({
      app: APP_ID,
      waiting: 'No node fits.',
      details: ['n1: too small']
    });
    detail = new ClusterDetail({
      cluster: 'dev',
      model,
      client: client({ activities }),
      run: jest.fn(),
      confirmsKill: () => confirmsKill,
      trans
    });
    await act(async () => {
      Widget.attach(detail, document.body);
    });
    expect(
      screen.getByText('The AM limit of root.batch is used up.')
    ).not.toBeNull();

    await press(`Details of ${APP_ID}`);
    expect(
      screen.getByText(/Queue root.batch · 2 GB, 3 vcores/)
    ).not.toBeNull();
    expect(screen.getByText(/second line/).tagName).toBe('PRE');
    expect(screen.getByText(/No log yet/)).not.toBeNull();
    expect(activities).not.toHaveBeenCalled();

    await press(`What is ${APP_ID} waiting for?`);
    expect(await screen.findByText('No node fits.')).not.toBeNull();
    expect(screen.getByText('n1: too small')).not.toBeNull();
  });
});
