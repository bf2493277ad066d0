import type { TranslationBundle } from '@jupyterlab/translation';

import type { AppStatus, ClusterStatus, DaemonState } from '../api';

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
export function formatDuration(
  seconds: number,
  trans: TranslationBundle
): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [d, h, min, s] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60
  ];
  const parts = [
    d && trans.__('%1 d', d),
    h && trans.__('%1 h', h),
    min && trans.__('%1 min', min),
    s && trans.__('%1 s', s)
  ];
  const first = parts.findIndex(Boolean);
  return first < 0
    ? trans.__('%1 s', 0)
    : parts
        .slice(first, first + 2)
        .filter(Boolean)
        .join(' ');
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
    : trans.__('%1 ago', formatDuration(seconds, trans));
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

/** What one of a pair of daemons is doing, in a word. */
export function roleWord(
  daemon: DaemonState,
  trans: TranslationBundle
): string {
  switch (daemon.ha_state) {
    case 'ACTIVE':
      return trans.__('active');
    case 'STANDBY':
      return trans.__('standby');
    case 'OBSERVER':
      return trans.__('observer');
    case 'INITIALIZING':
      return trans.__('starting');
    case 'STOPPED':
      return trans.__('stopped');
    case 'UNKNOWN':
      return trans.__('no answer');
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
