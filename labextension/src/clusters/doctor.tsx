import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Check, DoctorReport } from '../api';
import { describeError } from '../request';
import { useElapsed } from './elapsed';
import { DialogButton } from './field';
import type { Verdict } from './report';
import {
  checkName,
  formatSeconds,
  groupChecks,
  reportText,
  verdictWord
} from './report';

/** Signs, so that a verdict is not told by its colour alone. */
const SIGNS: Record<Verdict, string> = {
  failed: '✗',
  warning: '!',
  ok: '✓',
  skipped: '–'
};

/** Properties of {@link DoctorView}. */
export interface IDoctorProps {
  trans: TranslationBundle;
  examine: (signal: AbortSignal) => Promise<DoctorReport>;
  copy: (text: string) => void;
  close: () => void;
}

/** Runs the checks of a cluster and shows what they found. */
export function DoctorView(props: IDoctorProps): JSX.Element {
  const { trans, examine, copy, close } = props;
  const [run, setRun] = React.useState(0);
  const [busy, setBusy] = React.useState(true);
  const [report, setReport] = React.useState<DoctorReport | null>(null);
  const [error, setError] = React.useState('');
  const [copied, setCopied] = React.useState(false);
  const seconds = useElapsed(busy);

  React.useEffect(() => {
    const control = new AbortController();
    setBusy(true);
    setError('');
    setCopied(false);
    examine(control.signal)
      .then(setReport, reason => {
        if (!control.signal.aborted) {
          setError(describeError(reason));
        }
      })
      .finally(() => {
        if (!control.signal.aborted) {
          setBusy(false);
        }
      });
    return () => control.abort();
  }, [examine, run]);

  return (
    <div className="jp-jext-form jp-jext-doctor">
      <div role="status" className="jp-jext-progress">
        {busy
          ? trans.__('Checking… %1 s', seconds)
          : report &&
            !error && (
              <>
                {summary(report, trans)}{' '}
                {trans.__('Took %1.', formatSeconds(report.seconds, trans))}
              </>
            )}
      </div>
      {error && (
        <div role="alert" className="jp-jext-error">
          {error}
        </div>
      )}
      <div className="jp-jext-scroll" aria-busy={busy}>
        {report &&
          groupChecks(report).map(({ verdict, checks }) => (
            <section key={verdict}>
              <h3>
                {trans.__(
                  '%1 (%2)',
                  verdictWord(verdict, trans),
                  checks.length
                )}
              </h3>
              <ul>
                {checks.map((check, index) => (
                  <CheckItem key={index} trans={trans} check={check} />
                ))}
              </ul>
            </section>
          ))}
      </div>
      <div className="jp-jext-buttons">
        <DialogButton
          disabled={!report}
          onClick={() => {
            copy(reportText(report!, trans));
            setCopied(true);
          }}
        >
          {copied ? trans.__('Copied') : trans.__('Copy as text')}
        </DialogButton>
        <DialogButton
          // Not disabled: that would take the focus away, and with it the Escape key.
          aria-disabled={busy}
          onClick={() => busy || setRun(run + 1)}
        >
          {trans.__('Run again')}
        </DialogButton>
        <DialogButton accept data-jext-focus onClick={close}>
          {trans.__('Close')}
        </DialogButton>
      </div>
    </div>
  );
}

function CheckItem(props: {
  trans: TranslationBundle;
  check: Check;
}): JSX.Element {
  const { trans, check } = props;
  return (
    <li className={`jp-jext-verdict-${check.verdict}`}>
      <span className="jp-jext-verdict" aria-hidden>
        {SIGNS[check.verdict]}
      </span>
      <div>
        <div className="jp-jext-check-head">
          <span className="jp-jext-verdict-word">
            {verdictWord(check.verdict, trans)}
          </span>
          <strong>{checkName(check.name, trans)}</strong>
          <code>{check.target}</code>
          <span className="jp-jext-seconds">
            {formatSeconds(check.seconds, trans)}
          </span>
        </div>
        <div>{check.message}</div>
        {check.remedy && <div className="jp-jext-remedy">{check.remedy}</div>}
      </div>
    </li>
  );
}

function summary(report: DoctorReport, trans: TranslationBundle): string {
  const failed = report.checks.filter(c => c.verdict === 'failed').length;
  return failed
    ? trans._n('%1 check failed.', '%1 checks failed.', failed)
    : trans.__('Nothing failed.');
}
