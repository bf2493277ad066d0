import * as React from 'react';

import { formatPercent, fraction } from './format';

/** What a bar shows. */
export interface IBarProps {
  label: string;
  used: number;
  total: number;
  /** The amounts in words, as "3.5 of 16 GB". */
  text: string;
  /** From this fraction on the bar warns. */
  warnAt?: number;
}

/** How full something is: its name, a bar, the amounts. */
export function Bar(props: IBarProps): React.JSX.Element {
  const share = fraction(props.used, props.total);
  const full = share !== null && share >= (props.warnAt ?? 0.9);
  return (
    <div className="jp-jext-bar">
      <span className="jp-jext-bar-label">{props.label}</span>
      <span
        className="jp-jext-bar-track"
        role="meter"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * (share ?? 0))}
        aria-valuetext={props.text}
        title={formatPercent(share)}
      >
        <span
          className={`jp-jext-bar-fill${full ? ' jp-mod-full' : ''}`}
          style={{ width: `${100 * (share ?? 0)}%` }}
        />
      </span>
      <span className="jp-jext-bar-text">{props.text}</span>
    </div>
  );
}
