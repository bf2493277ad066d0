import type { TranslationBundle } from '@jupyterlab/translation';

import type { Identity, TokenInfo } from '../api';
import { formatDuration } from '../status/format';

/** Whether somebody is logged in; also while what keeps it alive fails. */
export function isLoggedIn(identity: Identity): boolean {
  return identity.principal !== '';
}

/** Whether a cluster shows nothing until somebody logs in. */
export function asksLogin(identity: Identity | null): boolean {
  return !!identity?.needed && !isLoggedIn(identity);
}

/** Epoch seconds after which only a login helps; null if that never is. */
export function endOf(identity: Identity): number | null {
  const { expires_at, renew_until } = identity;
  return expires_at === null
    ? null
    : Math.max(expires_at, renew_until ?? expires_at);
}

/** Whether asking for a renewal can put the end off. */
export function canRenew(identity: Identity): boolean {
  const { expires_at } = identity;
  return (
    isLoggedIn(identity) &&
    (!identity.interactive ||
      (expires_at !== null && endOf(identity)! > expires_at + 1))
  );
}

/**
 * Say who is logged in, and for how long: `alice · 54 min`.
 *
 * @param now - Epoch milliseconds.
 */
export function whoAndHowLong(
  identity: Identity,
  now: number,
  trans: TranslationBundle
): string {
  const { user, state, expires_at } = identity;
  if (state === 'renewing') {
    return trans.__('%1 · renewing…', user);
  }
  return expires_at === null
    ? user
    : trans.__('%1 · %2', user, timeLeft(expires_at, now, trans));
}

/** Time until a moment: `1 h 5 min`; seconds only within the last minute. */
export function timeLeft(
  moment: number,
  now: number,
  trans: TranslationBundle
): string {
  const seconds = Math.max(0, moment - now / 1000);
  const shown = seconds < 60 ? seconds : 60 * Math.floor(seconds / 60);
  return formatDuration(shown, trans);
}

/** Say what comes of a login by itself. */
export function outlook(identity: Identity, trans: TranslationBundle): string {
  const end = endOf(identity);
  if (!identity.interactive) {
    return trans.__('Renewed by itself.');
  }
  if (end === null) {
    return '';
  }
  return canRenew(identity)
    ? trans.__('Renewed by itself until %1.', clockTime(end))
    : trans.__('Ends at %1.', clockTime(end));
}

/** A moment in the reader's own notation: the time of day, with the date unless it is today. */
export function clockTime(moment: number): string {
  const date = new Date(1000 * moment);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, {
    ...(today ? {} : { dateStyle: 'medium' }),
    timeStyle: 'short'
  });
}

/** What proved who somebody is. */
export function methodWord(
  method: NonNullable<Identity['method']>,
  trans: TranslationBundle
): string {
  switch (method) {
    case 'password':
      return trans.__('Password');
    case 'keytab':
      return trans.__('Keytab named in the profile');
    case 'ccache':
      return trans.__('Ticket file named in the profile');
    case 'program':
      return trans.__('Credential program named in the profile');
  }
}

/** What a delegation token opens. */
export function serviceWord(service: TokenInfo['service']): string {
  return {
    hdfs: 'HDFS',
    resourcemanager: 'ResourceManager',
    kms: 'KMS',
    hiveserver2: 'HiveServer2'
  }[service];
}
