import { StateDB } from '@jupyterlab/statedb';

import { Collapse } from '../collapse';

describe('Collapse', () => {
  it('remembers the choice of each card', async () => {
    const state = new StateDB();
    const collapse = new Collapse(state);
    collapse.toggle('dev');

    const again = new Collapse(state);
    await again.restore();

    expect(again.isCollapsed('dev')).toBe(true);
    expect(again.isCollapsed('prod')).toBe(false);
  });

  it('lets the setting decide about cards nobody touched', () => {
    const changed = jest.fn();
    const collapse = new Collapse();
    collapse.toggle('dev');
    collapse.changed.connect(changed);
    collapse.byDefault = true;
    collapse.toggle('dev');

    expect(changed).toHaveBeenCalledTimes(2);
    expect(collapse.isCollapsed('dev')).toBe(false);
    expect(collapse.isCollapsed('prod')).toBe(true);
  });

  it('collapses all unless all are collapsed', () => {
    const collapse = new Collapse();
    const names = ['dev', 'prod'];
    collapse.toggle('dev');
    collapse.toggleAll(names);
    expect(names.map(name => collapse.isCollapsed(name))).toEqual([true, true]);

    collapse.toggleAll(names);
    expect(names.map(name => collapse.isCollapsed(name))).toEqual([
      false,
      false
    ]);
  });
});
