import React from 'react';

import { describeError, ResponseError } from '../request';
import type { IReason } from './parts';

/** Why something failed, in words for a person. */
export interface IProblem extends IReason {
  /** As the server's errors have it; empty if the server did not answer. */
  code: string;
}

/** One request at a time, which ends with the component that made it. */
export interface IAttempt {
  busy: boolean;
  problem: IProblem | null;
  /**
   * Make the request.
   *
   * @returns Its answer; null if it failed or was given up.
   */
  run<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T | null>;
}

/** Make requests that are given up when the component goes away. */
export function useAttempt(first: IProblem | null = null): IAttempt {
  const [busy, setBusy] = React.useState(false);
  const [problem, setProblem] = React.useState(first);
  const control = React.useRef<AbortController | null>(null);
  React.useEffect(() => () => control.current?.abort(), []);
  const run: IAttempt['run'] = async act => {
    const own = new AbortController();
    control.current = own;
    setBusy(true);
    setProblem(null);
    try {
      return await act(own.signal);
    } catch (error) {
      if (!own.signal.aborted) {
        setProblem(problemOf(error));
      }
      return null;
    } finally {
      if (!own.signal.aborted) {
        setBusy(false);
      }
    }
  };
  return { busy, problem, run };
}

function problemOf(error: unknown): IProblem {
  return error instanceof ResponseError
    ? error.reply
    : { code: '', message: describeError(error), hint: '' };
}
