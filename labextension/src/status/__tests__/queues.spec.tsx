import { nullTranslator } from '@jupyterlab/translation';
import { render, screen, within } from '@testing-library/react';
import React from 'react';

import { Queues, queueText } from '../queues';
import { status } from './cards';
import { queue } from './detailCards';

const trans = nullTranslator.load('jupyter_ext');

describe('queueText', () => {
  it('names every number that the scheduler knows', () => {
    const batch = queue('root.batch', {
      used: 0.35,
      my_share: 0.1,
      guarantee: 0.8,
      ceiling: 1,
      apps_pending: 2,
      am_used: { memory_mb: 128, vcores: 1 },
      am_limit: { memory_mb: 192, vcores: 1 }
    });

    expect(queueText(batch, trans)).toBe(
      'used 35 % · mine 10 % · guarantee 80 % · ceiling 100 % · pending 2 · AM 128/192 MB'
    );
  });

  it('leaves out what the scheduler does not know', () => {
    expect(queueText(queue('root.default', { used: 0.5 }), trans)).toBe(
      'used 50 % · pending 0'
    );
  });
});

describe('Queues', () => {
  it('nests the queues and names a state other than running', () => {
    render(
      <Queues
        trans={trans}
        status={status('dev', {
          queues: [
            queue('root', { leaf: false }),
            queue('root.batch', { state: 'STOPPED' }),
            queue('root.adhoc')
          ]
        })}
      />
    );

    const root = screen.getByTitle('root').closest('li') as HTMLElement;
    const batch = within(root).getByTitle('root.batch').closest('li');
    expect(batch?.textContent).toContain('STOPPED');
    expect(within(root).getByTitle('root.adhoc')).not.toBeNull();
  });

  it('draws the bar on the scale of the cluster, and never beyond it', () => {
    const { container } = render(
      <Queues
        trans={trans}
        status={status('dev', {
          queues: [
            queue('root', {
              used: 1.2,
              my_share: 0.25,
              guarantee: 0.8,
              ceiling: 0.9
            })
          ]
        })}
      />
    );
    const style = (name: string) =>
      container.querySelector<HTMLElement>(`.jp-jext-queue-${name}`)?.style;

    expect(style('used')?.width).toBe('100%');
    expect(style('mine')?.width).toBe('25%');
    expect(style('guarantee')?.left).toBe('80%');
    expect(style('ceiling')?.width).toBe('90%');
  });

  it('says why there is nothing to show', () => {
    render(
      <Queues
        trans={trans}
        status={status('prod', {
          state: 'login_needed',
          reason: 'prod wants a Kerberos ticket.',
          polled_at: null
        })}
      />
    );

    expect(screen.getByText('prod wants a Kerberos ticket.')).not.toBeNull();
  });
});
