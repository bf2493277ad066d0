import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, waitFor } from '@testing-library/react';

import type { Profile } from '../../api';
import { CommandIDs } from '../../commands';
import { clusterChooser } from '../choose';

const dev = { name: 'dev', title: 'Development' } as Profile;
const prod = { name: 'prod', title: 'prod' } as Profile;

/** A chooser among these profiles, and what its commands were asked to do. */
function chooser(list: () => Promise<Profile[]>) {
  const commands = new CommandRegistry();
  const done: string[] = [];
  for (const id of [CommandIDs.add, CommandIDs.sandboxStart]) {
    commands.addCommand(id, {
      label: `Label of ${id}`,
      execute: () => done.push(id)
    });
  }
  const trans = nullTranslator.load('jupyter_ext');
  return { choose: clusterChooser(list, commands, trans), done };
}

/** The dialog that is open. */
async function dialog(): Promise<HTMLElement> {
  return await waitFor(() => {
    const node = document.querySelector<HTMLElement>('.jp-Dialog');
    expect(node).not.toBeNull();
    return node!;
  });
}

/** Press the button of a dialog with this class. */
function press(node: HTMLElement, kind: string): void {
  fireEvent.click(node.querySelector(`button.${kind}`)!);
}

afterEach(() => {
  Notification.dismiss();
});

describe('which cluster a command is about', () => {
  it('is what the command was given', async () => {
    const list = jest.fn();
    const { choose } = chooser(list);

    expect(await choose('stage', 'Edit')).toBe('stage');
    expect(list).not.toHaveBeenCalled();
  });

  it('offers the ways to get one where there is none', async () => {
    const { choose, done } = chooser(async () => []);

    expect(await choose(undefined, 'Edit')).toBeNull();
    const [notification] = Notification.manager.notifications;
    expect(notification.message).toBe('There is no cluster yet.');
    const actions = notification.options.actions ?? [];
    expect(actions.map(action => action.label)).toEqual([
      `Label of ${CommandIDs.add}`,
      `Label of ${CommandIDs.sandboxStart}`
    ]);
    actions.forEach(action => action.callback({} as MouseEvent));
    await waitFor(() =>
      expect(done).toEqual([CommandIDs.add, CommandIDs.sandboxStart])
    );
  });

  it('is the only one without a question', async () => {
    const { choose } = chooser(async () => [dev]);

    expect(await choose(undefined, 'Edit')).toBe('dev');
    expect(document.querySelector('.jp-Dialog')).toBeNull();
  });

  it('is the one that the user picks of several', async () => {
    const { choose } = chooser(async () => [dev, prod]);
    const answer = choose(undefined, 'Edit');

    const node = await dialog();
    expect(node.querySelector('.jp-Dialog-header')?.textContent).toBe('Edit');
    const select = node.querySelector('select')!;
    expect([...select.options].map(option => option.text)).toEqual([
      'Development (dev)',
      'prod'
    ]);
    select.value = 'prod';
    press(node, 'jp-mod-accept');
    expect(await answer).toBe('prod');
  });

  it('is none where the user takes none', async () => {
    const { choose } = chooser(async () => [dev, prod]);
    const answer = choose(undefined, 'Edit');

    press(await dialog(), 'jp-mod-reject');
    expect(await answer).toBeNull();
  });

  it('says so where the server can not tell', async () => {
    const { choose } = chooser(() => Promise.reject(new Error('It is away.')));
    const answer = choose(undefined, 'Edit');

    const node = await dialog();
    expect(node.textContent).toContain('It is away.');
    press(node, 'jp-Dialog-button');
    expect(await answer).toBeNull();
  });
});
