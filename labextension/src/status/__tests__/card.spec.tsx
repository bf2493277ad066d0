import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type { Card, ClusterStatus } from '../../api';
import { CommandIDs } from '../../commands';
import { ClusterCard } from '../card';
import { card, identity, sample, yarn } from './cards';

const trans = nullTranslator.load('jupyter_ext');
const Clock = React.createContext(1_007_000);
const run = jest.fn();
const openMenu = jest.fn();
const onToggle = jest.fn();

function show(value: Card, collapsed = false): HTMLElement {
  return render(
    <ClusterCard
      card={value}
      collapsed={collapsed}
      onToggle={onToggle}
      run={run}
      openMenu={openMenu}
      clock={Clock}
      trans={trans}
    />
  ).container;
}

beforeEach(() => {
  run.mockClear();
  onToggle.mockClear();
});

describe('ClusterCard', () => {
  const words: [ClusterStatus['state'], string][] = [
    ['up', 'Up'],
    ['degraded', 'Degraded'],
    ['down', 'Down'],
    ['unreachable', 'Unreachable'],
    ['login_needed', 'Login needed'],
    ['misconfigured', 'Misconfigured'],
    ['connecting', 'Connecting']
  ];

  it.each(words)('says %s in a word, why, and what to do', (state, word) => {
    show(
      card('dev', {
        state,
        reason: 'The ResourceManager is tired.',
        hint: 'Let it rest.'
      })
    );

    expect(screen.getByText(word)).toBeTruthy();
    expect(screen.getByText('The ResourceManager is tired.')).toBeTruthy();
    expect(screen.getByText('Let it rest.')).toBeTruthy();
  });

  it('announces a change of state', () => {
    show(card('dev', { state: 'down' }));

    const state = screen.getByText('Down');
    expect(state.getAttribute('aria-live')).toBe('polite');
  });

  it('lists every problem of a broken profile', () => {
    show(
      card(
        'dev',
        { state: 'misconfigured', reason: 'first of them (1 more)' },
        {
          problems: [
            {
              severity: 'error',
              file: 'conf/hdfs-site.xml',
              key: 'dfs.nameservices',
              message: 'Expected one of ns1, found ns2.'
            },
            {
              severity: 'error',
              file: 'cluster.toml',
              key: null,
              message: 'Expected a table.'
            }
          ]
        }
      )
    );

    const items = screen.getAllByRole('listitem').map(i => i.textContent);
    expect(items).toEqual([
      'conf/hdfs-site.xml · dfs.nameservicesExpected one of ns1, found ns2.',
      'cluster.tomlExpected a table.'
    ]);
  });

  it('keeps mere remarks on a profile out of the way of the reason', () => {
    show(
      card(
        'dev',
        { state: 'misconfigured', reason: 'It names no daemon.' },
        {
          problems: [
            {
              severity: 'warning',
              file: 'conf/yarn-site.xml',
              key: null,
              message: 'Not found.'
            }
          ]
        }
      )
    );

    expect(screen.getByText('It names no daemon.')).toBeTruthy();
    const remarks = screen.getByText('1 remark on the profile');
    expect(remarks.closest('details')?.open).toBe(false);
  });

  it('shows what YARN reports', () => {
    const value = card('dev', { yarn: yarn() });
    value.history = [
      sample(0, { containers_pending: 4 }),
      sample(900, { containers_pending: 1 })
    ];
    const container = show(value);

    const memory = screen.getByRole('meter', { name: 'Memory' });
    expect(memory.getAttribute('aria-valuenow')).toBe('25');
    expect(memory.getAttribute('aria-valuetext')).toBe('2 GB of 8 GB');
    expect(screen.getByText('2 of 3 active · 1 lost')).toBeTruthy();
    expect(screen.getByText('2 running, 1 pending')).toBeTruthy();
    expect(container.textContent).toContain('rm1 active · rm2 standby');
    expect(screen.getByRole('img').getAttribute('aria-label')).toContain(
      'Last 15 min: memory 2 GB of 8 GB (25 %) now; 1 containers pending now, 4 at most'
    );
    expect(screen.getByText('7 s ago')).toBeTruthy();
  });

  it('keeps room for the history until there is one', () => {
    const container = show(card('dev', { yarn: yarn() }));

    expect(container.querySelectorAll('div.jp-jext-sparkline').length).toBe(1);
    expect(screen.queryByRole('img')).toBeNull();
  });

  it('warns of safe mode and missing blocks', () => {
    const container = show(
      card('dev', {
        hdfs: {
          active: 'http://nn:9870',
          daemons: [],
          metrics: {
            capacity_bytes: 1000,
            used_bytes: 100,
            remaining_bytes: 100,
            files: 1,
            blocks: 1,
            missing_blocks: 2,
            corrupt_blocks: 0,
            under_replicated_blocks: 0,
            live_datanodes: 1,
            dead_datanodes: 0,
            safe_mode: 'Safe mode is ON.'
          }
        }
      })
    );

    expect(screen.getByText('Safe mode · 2 blocks missing')).toBeTruthy();
    expect(
      container.querySelector('.jp-jext-bar-fill.jp-mod-full')
    ).toBeTruthy();
  });

  it('counts my applications and says why one waits', () => {
    const app = {
      id: 'application_1_0001',
      name: 'train',
      user: 'alice',
      queue: 'root.small',
      type: 'SPARK',
      state: 'ACCEPTED',
      final_status: 'UNDEFINED',
      progress: 0,
      started_ms: 1,
      finished_ms: 0,
      memory_mb: 0,
      vcores: 0,
      containers: 0,
      tracking_url: '',
      diagnostics: '',
      tags: [],
      am_host: '',
      waiting: 'The queue is full.'
    };
    const newer = { ...app, name: 'newer', waiting: 'Not tried yet.' };
    const running = { ...app, state: 'RUNNING', waiting: '' };
    show(card('dev', { yarn: yarn(), apps: [running, newer, app] }));

    expect(screen.getByText('1 running, 2 waiting')).toBeTruthy();
    expect(screen.getByText('train waits: The queue is full.')).toBeTruthy();
  });

  it('marks production', () => {
    show(card('prod', {}, { production: true }));

    expect(screen.getByText('production')).toBeTruthy();
  });

  it('shows who is logged in beside the figures', () => {
    const value = card('prod', { yarn: yarn() });
    value.identity = identity('prod');
    show(value);

    const who = screen.getByRole('button', {
      name: /^Login to prod: alice · /
    });
    fireEvent.click(who);
    expect(openMenu).toHaveBeenCalledWith(value.identity, who);
    expect(screen.getByText('My apps')).toBeTruthy();
  });

  it('offers to log in, in place of figures that may be of somebody else', () => {
    const value = card('prod', { yarn: yarn() });
    value.identity = identity('prod', { state: 'none', principal: '' });
    show(value);

    fireEvent.click(screen.getByRole('button', { name: 'Log in: prod' }));
    expect(run).toHaveBeenCalledWith(CommandIDs.login, 'prod');
    expect(screen.queryByText('My apps')).toBeNull();
  });

  it('collapses to its headline', () => {
    const value = card('dev', { reason: 'Because.' });
    show(value, true);

    const header = screen.getByRole('button', { name: /dev/ });
    expect(header.getAttribute('aria-expanded')).toBe('false');
    expect(screen.queryByText('Because.')).toBeNull();

    fireEvent.click(header);
    expect(onToggle).toHaveBeenCalledWith('dev');
  });

  it('runs the commands with its cluster', () => {
    show(card('dev'));

    fireEvent.click(screen.getByRole('button', { name: 'Doctor: dev' }));
    fireEvent.click(screen.getByRole('button', { name: 'Details: dev' }));

    expect(run.mock.calls).toEqual([
      [CommandIDs.doctor, 'dev'],
      [CommandIDs.details, 'dev']
    ]);
  });
});
