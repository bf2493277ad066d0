import type { ITranslator } from '@jupyterlab/translation';
import * as React from 'react';

import type { LaunchForm } from '../api';
import { openModal } from '../clusters/modal';
import { LaunchView } from './launch';
import type { KernelService } from './service';

/** Milliseconds that a form may take to come before the dialog shows that it waits. */
const PATIENCE_MS = 300;

/** How a kernel is to be started. */
export type Answer =
  /** With the values kept for its id. */
  | 'values'
  /** As ever: there was nothing to ask. */
  | 'plain'
  /** Not at all. */
  | 'cancel';

/** Asks for what a kernel gets, one kernel at a time. */
export class LaunchDialogs {
  /**
   * @param titleOf - What people call a kernelspec.
   */
  constructor(
    private readonly _service: KernelService,
    private readonly _titleOf: (spec: string) => string,
    private readonly _translator: ITranslator
  ) {}

  /** Ask for the values of a kernel that is about to start under this id. */
  readonly ask = (spec: string, kernelId: string): Promise<Answer> => {
    const answer = this._last.then(() => this._ask(spec, kernelId));
    this._last = answer.catch(() => undefined);
    return answer;
  };

  private async _ask(spec: string, kernelId: string): Promise<Answer> {
    const trans = this._translator.load('jupyter_ext');
    const form = this._service.form(spec);
    if (await isSettled(form, PATIENCE_MS)) {
      const known = await form.catch((): LaunchForm | null => null);
      if (!known?.ask) {
        return 'plain';
      }
    }
    let answer: Answer = 'cancel';
    const title = this._titleOf(spec);
    await openModal(
      trans.__('Start %1', title),
      close => (
        <LaunchView
          form={form}
          start={async launch => {
            if (launch) {
              await this._service.keep(kernelId, launch);
            }
            answer = launch ? 'values' : 'plain';
          }}
          close={close}
          translator={this._translator}
        />
      ),
      '[type=submit]'
    );
    return answer;
  }

  private _last: Promise<unknown> = Promise.resolve();
}

/** Wait for a promise to be kept or broken, but no longer than so many milliseconds. */
async function isSettled(
  promise: Promise<unknown>,
  patience_ms: number
): Promise<boolean> {
  let timer: number | undefined;
  const late = new Promise<boolean>(resolve => {
    timer = window.setTimeout(() => resolve(false), patience_ms);
  });
  const settled = promise.then(
    () => true,
    () => true
  );
  const result = await Promise.race([settled, late]);
  window.clearTimeout(timer);
  return result;
}
