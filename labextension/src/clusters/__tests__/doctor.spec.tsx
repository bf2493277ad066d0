import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import type { Check, DoctorReport } from '../../api';
import { DoctorView } from '../doctor';

const trans = nullTranslator.load('jupyter_ext');

function check(
  name: Check['name'],
  verdict: Check['verdict'],
  message: string,
  remedy = ''
): Check {
  return { name, verdict, message, remedy, target: 'rm:8088', seconds: 0.015 };
}

const REPORT: DoctorReport = {
  cluster: 'prod',
  seconds: 3.2,
  checks: [
    check('dns', 'ok', 'rm is 10.0.0.1.'),
    check('tls', 'failed', 'The certificate expired.', 'Renew it.'),
    check('clock', 'warning', 'The clock is 4 minutes ahead.'),
    check('auth', 'failed', 'It wants a ticket.'),
    check('namenode', 'skipped', 'There is none.')
  ]
};

function open(examine: (signal: AbortSignal) => Promise<DoctorReport>) {
  const props = { trans, examine, copy: jest.fn(), close: jest.fn() };
  return { ...props, ...render(<DoctorView {...props} />) };
}

describe('DoctorView', () => {
  it('lists what failed first, and the rest in the order of the report', async () => {
    const { container } = open(async () => REPORT);
    await screen.findByText('The certificate expired.');
    const heads = [...container.querySelectorAll('h3, li')].map(node =>
      node.tagName === 'H3'
        ? node.textContent
        : node.querySelector('.jp-jext-check-head')!.textContent
    );
    expect(heads).toEqual([
      'Failed (2)',
      'FailedCertificaterm:80880.01 s',
      'FailedAuthenticationrm:80880.01 s',
      'Warning (1)',
      'WarningClockrm:80880.01 s',
      'OK (1)',
      'OKName resolutionrm:80880.01 s',
      'Skipped (1)',
      'SkippedNameNoderm:80880.01 s'
    ]);
    expect(screen.getByText('Renew it.')).toBeTruthy();
    expect(screen.getByRole('status').textContent).toBe(
      '2 checks failed. Took 3.20 s.'
    );
  });

  it('copies the report as text', async () => {
    const { copy } = open(async () => REPORT);
    await screen.findByText('The certificate expired.');
    fireEvent.click(screen.getByRole('button', { name: 'Copy as text' }));
    expect(copy.mock.calls[0][0].split('\n').slice(0, 3)).toEqual([
      'Checks of prod, 3.20 s',
      '[Failed] Certificate rm:8088 (0.01 s): The certificate expired.',
      '    → Renew it.'
    ]);
    expect(screen.getByRole('button', { name: 'Copied' })).toBeTruthy();
  });

  it('runs again, and keeps the last report when that fails', async () => {
    const examine = jest.fn().mockResolvedValueOnce(REPORT);
    examine.mockRejectedValueOnce(new Error('The server does not answer.'));
    open(examine);
    await screen.findByText('The certificate expired.');
    fireEvent.click(screen.getByRole('button', { name: 'Run again' }));
    expect(screen.getByRole('status').textContent).toBe('Checking… 0 s');
    expect((await screen.findByRole('alert')).textContent).toBe(
      'The server does not answer.'
    );
    expect(screen.getByText('The certificate expired.')).toBeTruthy();
  });

  it('calls the examination off when it is closed', () => {
    let signal: AbortSignal | undefined;
    const { unmount } = open(given => {
      signal = given;
      return new Promise(() => undefined);
    });
    expect(signal!.aborted).toBe(false);
    unmount();
    expect(signal!.aborted).toBe(true);
  });
});
