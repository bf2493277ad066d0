import type { TranslationBundle } from '@jupyterlab/translation';

import type { AppStatus, ClusterStatus } from '../api';

/** A unit of memory is 1024 of the smaller one, as in YARN and HDFS. */
const STEP = 1024;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Format a number of bytes: `900 B`, `1.5 GB`. */
export function formatBytes(value: number): string {
  let unit = 0;
  let amount = value;
  while (amount >= STEP && unit < UNITS.length - 1) {
    amount /= STEP;
    unit += 1;
  }
  return `${unit ? decimal(amount) : Math.round(amount)} ${UNITS[unit]}`;
}

/** Format an amount of memory that YARN counts in MB. */
export function formatMemory(value: number): string {
  return value === 0 ? '0 MB' : formatBytes(value * STEP * STEP);
}

/** Fraction of `total`, within 0..1; null when there is no total. */
export function fraction(used: number, total: number): number | null {
  return total > 0 ? Math.min(1, Math.max(0, used / total)) : null;
}

/** Format a fraction of one; a dash when it is not known. */
export function formatPercent(share: number | null): string {
  return share === null ? '–' : `${Math.round(100 * share)} %`;
}

/** Format a time span in seconds, to its two largest units: `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return pair(whole, 60, 'min', 1, 's');
  }
  if (whole < 86400) {
    return pair(whole, 3600, 'h', 60, 'min');
  }
  return pair(whole, 86400, 'd', 3600, 'h');
}

/**
 * Say how old the data of a cluster is.
 *
 * @param now - Epoch milliseconds.
 */
export function formatAge(
  status: ClusterStatus,
  now: number,
  trans: TranslationBundle
): string {
  if (status.polled_at === null) {
    return trans.__('no data yet');
  }
  const seconds = now / 1000 - status.polled_at;
  return seconds < 1
    ? trans.__('just now')
    : trans.__('%1 ago', formatDuration(seconds));
}

/** A state in a word. */
export function stateWord(
  state: ClusterStatus['state'],
  trans: TranslationBundle
): string {
  switch (state) {
    case 'up':
      return trans.__('Up');
    case 'degraded':
      return trans.__('Degraded');
    case 'down':
      return trans.__('Down');
    case 'unreachable':
      return trans.__('Unreachable');
    case 'login_needed':
      return trans.__('Login needed');
    case 'misconfigured':
      return trans.__('Misconfigured');
    case 'connecting':
      return trans.__('Connecting');
  }
}

/** Whether an application has yet to get what it asked for. */
export function isWaiting(app: AppStatus): boolean {
  return ['NEW', 'NEW_SAVING', 'SUBMITTED', 'ACCEPTED'].includes(app.state);
}

/** Whether an application holds resources. */
export function isRunning(app: AppStatus): boolean {
  return app.state === 'RUNNING';
}

/** The host in a daemon's address, with its port. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

function decimal(amount: number): string {
  return amount >= 100
    ? Math.round(amount).toString()
    : amount.toFixed(1).replace(/\.0$/, '');
}

function pair(
  whole: number,
  big: number,
  bigName: string,
  small: number,
  smallName: string
): string {
  const rest = Math.floor((whole % big) / small);
  const first = `${Math.floor(whole / big)} ${bigName}`;
  return rest ? `${first} ${rest} ${smallName}` : first;
}
