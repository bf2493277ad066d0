import {
  asksLogin,
  canRenew,
  endOf,
  isLoggedIn,
  outlook,
  whoAndHowLong
} from '../words';
import { alice, nobody, trans } from './fakes';

/** Says who, for how long, at a moment this many seconds before the ticket's end. */
function countdown(seconds: number, values = {}): string {
  const identity = alice({ expires_at: 10_000, ...values });
  return whoAndHowLong(identity, 1000 * (10_000 - seconds), trans);
}

describe('the countdown', () => {
  it.each([
    [2 * 3600, 'alice · 2 h'],
    [3600 + 359, 'alice · 1 h 5 min'],
    [54 * 60 + 59, 'alice · 54 min'],
    [60, 'alice · 1 min'],
    [59.9, 'alice · 59 s'],
    [0, 'alice · 0 s'],
    [-30, 'alice · 0 s']
  ])('with %d s left is %s', (seconds, text) => {
    expect(countdown(seconds)).toBe(text);
  });

  it('says nothing of a login without end', () => {
    expect(countdown(10, { expires_at: null })).toBe('alice');
  });

  it('says that it is being renewed', () => {
    expect(countdown(10, { state: 'renewing' })).toBe('alice · renewing…');
  });
});

describe('the end of a login', () => {
  it('is that of its renewable life, if it has one', () => {
    const lasting = alice({ expires_at: 10, renew_until: 50 });
    expect(endOf(lasting)).toBe(50);
    expect(canRenew(lasting)).toBe(true);
    expect(outlook(lasting, trans)).toMatch(/^Renewed by itself until /);
  });

  it('is that of the ticket where it cannot be renewed', () => {
    for (const renew_until of [null, 10]) {
      const final = alice({ expires_at: 10, renew_until });
      expect(endOf(final)).toBe(10);
      expect(canRenew(final)).toBe(false);
      expect(outlook(final, trans)).toMatch(/^Ends at /);
    }
  });

  it('does not matter where the profile says what proves who one is', () => {
    const automatic = alice({ interactive: false, renew_until: null });
    expect(canRenew(automatic)).toBe(true);
    expect(outlook(automatic, trans)).toBe('Renewed by itself.');
  });

  it('leaves who is logged in to the tickets, not to the last renewal', () => {
    expect(isLoggedIn(alice({ state: 'error' }))).toBe(true);
    expect(isLoggedIn(nobody({ state: 'error' }))).toBe(false);
    expect(isLoggedIn(nobody({ state: 'expired' }))).toBe(false);
  });
});

describe('a login', () => {
  it('is asked for where it is wanted and nobody is logged in', () => {
    expect(asksLogin(nobody())).toBe(true);
    expect(asksLogin(nobody({ state: 'expired' }))).toBe(true);
    expect(asksLogin(alice())).toBe(false);
    expect(asksLogin(nobody({ needed: false }))).toBe(false);
    expect(asksLogin(null)).toBe(false);
  });
});
