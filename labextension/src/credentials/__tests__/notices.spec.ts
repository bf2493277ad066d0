import { Notification } from '@jupyterlab/apputils';

import { Identities } from '../model';
import { EndNotices } from '../notices';
import { alice, FakeStatus, nobody, trans } from './fakes';

const MINUTE_MS = 60_000;

/** What is told, and what it offers to do. */
function shown(): [string, string[]][] {
  return Notification.manager.notifications.map(({ message, options }) => [
    message,
    (options.actions ?? []).map(({ label }) => label)
  ]);
}

const texts = () => shown().map(([text]) => text);

describe('EndNotices', () => {
  let status: FakeStatus;
  let identities: Identities;
  let notices: EndNotices;
  let login: jest.Mock;

  /** Alice's login, which ends for good in so many minutes. */
  const ending = (minutes: number, values = {}) =>
    alice({
      since: 1,
      expires_at: Date.now() / 1000 + 60,
      renew_until: Date.now() / 1000 + 60 * minutes,
      ...values
    });

  beforeEach(() => {
    jest.useFakeTimers();
    login = jest.fn();
    status = new FakeStatus();
    identities = new Identities(status.model);
    notices = new EndNotices(identities, name => `The ${name}`, login, trans);
  });

  afterEach(() => {
    notices.dispose();
    identities.dispose();
    Notification.dismiss();
    jest.useRealTimers();
  });

  it('tells half an hour and five minutes before the end, once each', () => {
    status.board(ending(40));
    expect(shown()).toEqual([]);
    jest.advanceTimersByTime(10 * MINUTE_MS);
    expect(shown()).toEqual([
      [
        'Your login to The prod ends in 30 min, and only another login puts that off.',
        ['Log in again']
      ]
    ]);
    // Each renewal of the ticket is told, too.
    status.tell(ending(29));
    expect(shown()).toHaveLength(1);
    jest.advanceTimersByTime(24 * MINUTE_MS);
    expect(texts()).toEqual([expect.stringContaining('ends in 5 min')]);
    Notification.dismiss();
    status.tell(ending(4));
    jest.advanceTimersByTime(10 * MINUTE_MS);
    expect(shown()).toEqual([]);
  });

  it('tells only the last of what is due', () => {
    status.board(ending(4));
    expect(texts()).toEqual([expect.stringContaining('ends in 4 min')]);
  });

  it('opens the form, and is gone when somebody has logged in again', () => {
    status.board(ending(20));
    const [{ options }] = Notification.manager.notifications;
    options.actions![0].callback(new MouseEvent('click'));
    expect(login).toHaveBeenCalledWith('prod');
    status.tell(ending(720, { since: 2 }));
    expect(shown()).toEqual([]);
    jest.advanceTimersByTime(690 * MINUTE_MS);
    expect(texts()).toEqual([expect.stringContaining('ends in 30 min')]);
  });

  it('tells that a login has ended, also while this tab was cut off', () => {
    status.board(ending(10));
    status.board(nobody({ state: 'expired' }));
    expect(shown()).toEqual([
      ['Your login to The prod has ended.', ['Log in again']]
    ]);
    status.board(nobody({ state: 'expired' }));
    expect(shown()).toHaveLength(1);
    status.tell(alice());
    expect(shown()).toEqual([]);
  });

  it('says nothing of what nobody has to do', () => {
    status.board(ending(10, { interactive: false }));
    status.tell(nobody({ state: 'expired', interactive: false }));
    expect(shown()).toEqual([]);
  });

  it('says nothing after a logout, nor once disposed', () => {
    status.board(ending(40));
    status.tell(nobody());
    jest.advanceTimersByTime(60 * MINUTE_MS);
    expect(shown()).toEqual([]);
    status.tell(ending(40));
    notices.dispose();
    notices.dispose();
    jest.advanceTimersByTime(60 * MINUTE_MS);
    expect(shown()).toEqual([]);
  });
});
