import { StateDB } from '@jupyterlab/statedb';

import { RememberedUsers } from '../users';

describe('RememberedUsers', () => {
  it('keeps the last name of each cluster over a reload', async () => {
    const state = new StateDB();
    const users = new RememberedUsers(state);
    expect(await users.of('prod')).toBe('');
    await users.remember('prod', 'alice');
    await users.remember('stage', 'bob');
    await users.remember('prod', 'carol');
    const later = new RememberedUsers(state);
    expect(await later.of('prod')).toBe('carol');
    expect(await later.of('stage')).toBe('bob');
  });

  it('takes no notice of what is no name', async () => {
    const state = new StateDB();
    await state.save('jupyter-ext:users', { prod: 7, stage: 'bob' });
    const users = new RememberedUsers(state);
    expect(await users.of('prod')).toBe('');
    expect(await users.of('stage')).toBe('bob');
  });

  it('forgets without a place to keep them', async () => {
    const users = new RememberedUsers();
    await users.remember('prod', 'alice');
    expect(await users.of('prod')).toBe('alice');
    expect(await new RememberedUsers().of('prod')).toBe('');
  });
});
