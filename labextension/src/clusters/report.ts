import type { TranslationBundle } from '@jupyterlab/translation';

import type { Check, DoctorReport } from '../api';

/** What a check found, as the server says it. */
export type Verdict = Check['verdict'];

/** Verdicts in the order in which they matter. */
export const VERDICTS: ReadonlyArray<Verdict> = [
  'failed',
  'warning',
  'ok',
  'skipped'
];

/** The word for a verdict. */
export function verdictWord(
  verdict: Verdict,
  trans: TranslationBundle
): string {
  return {
    failed: trans.__('Failed'),
    warning: trans.__('Warning'),
    ok: trans.__('OK'),
    skipped: trans.__('Skipped')
  }[verdict];
}

/** What a check is called. */
export function checkName(
  name: Check['name'],
  trans: TranslationBundle
): string {
  return {
    profile: trans.__('Profile'),
    dns: trans.__('Name resolution'),
    tcp: trans.__('Connection'),
    tls: trans.__('Certificate'),
    auth: trans.__('Authentication'),
    clock: trans.__('Clock'),
    realm: trans.__('Realm'),
    login: trans.__('Login'),
    ticket: trans.__('Service ticket'),
    spnego: trans.__('SPNEGO'),
    bind: trans.__('Directory login'),
    token: trans.__('Delegation token'),
    resourcemanager: trans.__('ResourceManager'),
    namenode: trans.__('NameNode')
  }[name];
}

/** Checks by verdict, what failed first, in the report's order within each; no empty groups. */
export function groupChecks(
  report: DoctorReport
): { verdict: Verdict; checks: Check[] }[] {
  return VERDICTS.map(verdict => ({
    verdict,
    checks: report.checks.filter(check => check.verdict === verdict)
  })).filter(group => group.checks.length > 0);
}

/** Seconds with as many digits as mean something. */
export function formatSeconds(
  seconds: number,
  trans: TranslationBundle
): string {
  return trans.__('%1 s', seconds.toFixed(seconds < 10 ? 2 : 0));
}

/** The report as plain text, for a mail or a ticket. */
export function reportText(
  report: DoctorReport,
  trans: TranslationBundle
): string {
  const lines = groupChecks(report).flatMap(group =>
    group.checks.flatMap(check => [
      `[${verdictWord(check.verdict, trans)}] ${checkName(check.name, trans)} ` +
        `${check.target} (${formatSeconds(check.seconds, trans)}): ${check.message}`,
      ...(check.remedy ? [`    → ${check.remedy}`] : [])
    ])
  );
  const heading = trans.__(
    'Checks of %1, %2',
    report.cluster,
    formatSeconds(report.seconds, trans)
  );
  return [heading, ...lines, ''].join('\n');
}
