import type { TranslationBundle } from '@jupyterlab/translation';

import type { KernelView, Phase } from '../api';

/** What a kernel is doing, in a word. */
export function stateWord(
  state: KernelView['state'],
  trans: TranslationBundle
): string {
  switch (state) {
    case 'starting':
      return trans.__('Starting');
    case 'running':
      return trans.__('Running');
    case 'restarting':
      return trans.__('Restarting');
    case 'unreachable':
      return trans.__('Unreachable');
    case 'failed':
      return trans.__('Failed');
    case 'orphan':
      return trans.__('No server');
  }
}

/** Where a start is, in a word. */
export function phaseWord(
  phase: Phase['name'],
  trans: TranslationBundle
): string {
  switch (phase) {
    case 'preparing':
      return trans.__('Preparing');
    case 'uploading':
      return trans.__('Uploading');
    case 'pulling':
      return trans.__('Pulling the image');
    case 'submitted':
      return trans.__('Submitted');
    case 'queued':
      return trans.__('Queued');
    case 'allocated':
      return trans.__('Allocated');
    case 'starting':
      return trans.__('Starting the kernel');
    case 'ready':
      return trans.__('Ready');
  }
}

/** What an unreachable kernel's owner should know. */
export function unreachableSentence(trans: TranslationBundle): string {
  return trans.__(
    'The kernel cannot be reached. It may well be running: nothing is lost when the connection comes back.'
  );
}

/** What runs a kernel. */
export function backendWord(
  backend: KernelView['backend'],
  trans: TranslationBundle
): string {
  switch (backend) {
    case 'local':
      return trans.__('This machine');
    case 'docker':
      return trans.__('Docker');
    case 'yarn':
      return trans.__('YARN');
  }
}

/** Whether somebody waits for the kernel. */
export function isStarting(view: KernelView): boolean {
  return view.state === 'starting' || view.state === 'restarting';
}

/** Whether the kernel has a process that does what it is told. */
export function isAlive(view: KernelView): boolean {
  return view.state === 'running';
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * How long each phase of a start has taken so far.
 *
 * @param now - Epoch seconds.
 */
export function phaseSeconds(
  view: KernelView,
  now: number
): { phase: Phase; seconds: number; current: boolean }[] {
  const { phases } = view;
  const ended = isStarting(view) ? now : view.ready_at;
  return phases
    .filter(phase => phase.name !== 'ready')
    .map((phase, index) => {
      const end = phases[index + 1]?.since ?? ended ?? phase.since;
      return {
        phase,
        seconds: Math.max(0, end - phase.since),
        current: isStarting(view) && index === phases.length - 1
      };
    });
}
