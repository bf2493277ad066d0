import { Identities } from '../model';
import type { IIdentityChange } from '../tokens';
import { alice, FakeStatus, nobody } from './fakes';

describe('Identities', () => {
  let status: FakeStatus;
  let identities: Identities;
  let changes: IIdentityChange[];

  beforeEach(() => {
    status = new FakeStatus();
    status.board(nobody());
    identities = new Identities(status.model);
    changes = [];
    identities.changed.connect(function (this: void, _, change) {
      changes.push(change);
    }, changes);
  });

  afterEach(() => identities.dispose());

  it('knows those clusters only that want a login', () => {
    expect(identities.all.map(({ cluster }) => cluster)).toEqual(['prod']);
    expect(identities.of('dev')).toBeNull();
    expect(identities.of('prod')?.state).toBe('none');
  });

  it('tells what was before a change', () => {
    const now = alice();
    status.tell(now);
    expect(changes).toEqual([{ cluster: 'prod', before: nobody(), now }]);
    expect(identities.of('prod')).toBe(now);
  });

  it('learns from the whole picture what it missed, and what is gone', () => {
    status.board(alice(), { ...nobody(), cluster: 'stage' });
    expect(changes.map(({ cluster }) => cluster)).toEqual(['prod', 'stage']);
    status.board();
    expect(changes.slice(2)).toMatchObject([
      { cluster: 'prod', now: null },
      { cluster: 'stage', now: null }
    ]);
    expect(identities.all).toEqual([]);
  });

  it('drops a cluster that does not want a login any more', () => {
    status.tell(nobody({ needed: false }));
    expect(identities.of('prod')).toBeNull();
    status.tell(nobody({ needed: false }));
    expect(changes).toHaveLength(1);
  });

  it('listens no more once disposed', () => {
    identities.dispose();
    identities.dispose();
    status.tell(alice());
    expect(identities.of('prod')?.state).toBe('none');
  });
});
