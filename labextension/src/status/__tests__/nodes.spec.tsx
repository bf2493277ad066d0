import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { ResponseError } from '../../request';
import { Nodes } from '../nodes';
import { status } from './cards';
import { client, node } from './detailCards';

const trans = nullTranslator.load('jupyter_ext');

function hosts(): (string | null)[] {
  return screen.getAllByRole('rowheader').map(cell => cell.textContent);
}

describe('Nodes', () => {
  it('asks for nothing before it is opened', () => {
    const nodes = jest.fn();
    render(
      <Nodes trans={trans} status={status('dev')} client={client({ nodes })} />
    );

    expect(nodes).not.toHaveBeenCalled();
  });

  it('sorts by the header that is pressed, the other way round if pressed again', async () => {
    const nodes = jest.fn().mockResolvedValue({
      nodes: [
        node('n1', { containers: 2 }),
        node('n10', { containers: 9 }),
        node('n2', { containers: 10 })
      ]
    });
    render(
      <Nodes trans={trans} status={status('dev')} client={client({ nodes })} />
    );
    fireEvent.click(screen.getByRole('button', { name: 'Show nodes' }));
    await screen.findByRole('table');

    expect(hosts()).toEqual(['n1', 'n2', 'n10']);

    const header = screen.getByRole('button', { name: 'Containers' });
    fireEvent.click(header);
    expect(hosts()).toEqual(['n1', 'n10', 'n2']);
    expect(header.closest('th')?.getAttribute('aria-sort')).toBe('ascending');

    fireEvent.click(header);
    expect(hosts()).toEqual(['n2', 'n10', 'n1']);
    expect(header.closest('th')?.getAttribute('aria-sort')).toBe('descending');
  });

  it('makes a node that is ill stand out, with the word and the report', async () => {
    const ill = node('n3', {
      state: 'UNHEALTHY',
      health_report: '1/1 local-dirs are bad'
    });
    const nodes = jest.fn().mockResolvedValue({ nodes: [ill] });
    render(
      <Nodes trans={trans} status={status('dev')} client={client({ nodes })} />
    );
    fireEvent.click(screen.getByRole('button', { name: 'Show nodes' }));

    const row = (await screen.findByText('UNHEALTHY')).closest('tr');
    expect(row?.className).toBe('jp-mod-error');
    expect(row?.textContent).toContain('1/1 local-dirs are bad');
  });

  it('shows why it could not ask, and asks again', async () => {
    const refusal = new ResponseError(502, {
      code: 'unreachable',
      message: 'dev does not answer.',
      hint: 'Run the doctor.',
      cluster: 'dev',
      error_id: ''
    });
    const nodes = jest
      .fn()
      .mockRejectedValueOnce(refusal)
      .mockResolvedValue({ nodes: [] });
    render(
      <Nodes trans={trans} status={status('dev')} client={client({ nodes })} />
    );
    fireEvent.click(screen.getByRole('button', { name: 'Show nodes' }));

    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toBe('dev does not answer. Run the doctor.');

    fireEvent.click(screen.getByRole('button', { name: 'Refresh nodes' }));
    expect(await screen.findByText(/No NodeManager/)).not.toBeNull();
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
