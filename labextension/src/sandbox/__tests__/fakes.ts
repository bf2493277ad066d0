import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import type { SandboxStatus } from '../../api';
import { SandboxModel } from '../model';

export const trans = nullTranslator.load('jupyter_ext');

/** A sandbox in a given state. */
export function status(
  state: SandboxStatus['state'],
  more: Partial<SandboxStatus> = {}
): SandboxStatus {
  return {
    state,
    directory: '/home/me/sandbox',
    clusters: [],
    daemons: [],
    memory_mb: 0,
    message: '',
    missing: [],
    ...more
  };
}

/** A server that gives these answers, the last one for ever. */
export function server(...answers: (SandboxStatus | number)[]) {
  const methods: string[] = [];
  const fetch = async (request: RequestInfo | URL) => {
    methods.push((request as Request).method);
    const answer = answers.length > 1 ? answers.shift()! : answers[0];
    return typeof answer === 'number'
      ? new Response('{"message": "It broke."}', { status: answer })
      : new Response(JSON.stringify(answer));
  };
  const model = new SandboxModel({
    serverSettings: ServerConnection.makeSettings({ fetch }),
    intervalMs: 1
  });
  return { model, methods };
}
