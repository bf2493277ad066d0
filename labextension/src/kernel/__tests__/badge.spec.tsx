import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type { Profile } from '../../api';
import { BadgeView, describe as describeKernel } from '../badge';
import type { KernelCluster, KernelState } from '../model';

const trans = nullTranslator.load('jupyter_ext');

function kernel(
  state: KernelState,
  cluster: string | null = null
): KernelCluster {
  return { state, cluster, language: 'R' } as KernelCluster;
}

const prod = {
  name: 'prod',
  title: 'Production',
  color: 'red',
  production: true
} as Profile;

describe('the badge', () => {
  it('shows title, colour and production of the cluster', () => {
    const view = describeKernel(kernel('known', 'prod'), prod, trans);
    render(<BadgeView view={view} trans={trans} onClick={jest.fn()} />);
    const button = screen.getByRole('button', {
      name: 'Cluster of the kernel: Production'
    });
    expect(button.className).toContain('jp-jext-color-red');
    expect(button.textContent).toContain('production');
    expect(button.title).toContain('a production cluster');
  });

  it('opens its menu with a click', () => {
    const view = describeKernel(kernel('known'), undefined, trans);
    const open = jest.fn();
    render(<BadgeView view={view} trans={trans} onClick={open} />);
    const button = screen.getByRole('button');
    fireEvent.click(button);
    expect(open).toHaveBeenCalledWith(button);
    expect(button.textContent).toBe('No cluster');
  });

  it.each([
    ['none', 'no kernel'],
    ['foreign', 'speaks R'],
    ['switching', 'as soon as it is idle']
  ] as [KernelState, string][])(
    'can not be used while the kernel is %s',
    (state, words) => {
      const view = describeKernel(kernel(state), undefined, trans);
      expect(view.enabled).toBe(false);
      expect(view.tooltip).toContain(words);
    }
  );

  it('names a cluster whose profile is gone', () => {
    const view = describeKernel(kernel('known', 'old'), undefined, trans);
    expect(view.label).toBe('old');
    expect(view.tooltip).toContain('no profile any more');
  });
});
