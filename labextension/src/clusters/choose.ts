import {
  InputDialog,
  Notification,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { Profile } from '../api';
import { CommandIDs } from '../commands';
import { describeError } from '../request';

/** The ways to get a cluster, offered where there is none. */
export const WAYS_TO_GET_ONE = [CommandIDs.add, CommandIDs.sandboxStart];

/**
 * Find out which cluster a command is about.
 *
 * @param given - The command's argument; what is not a name counts as left out.
 * @param title - What is going to be done, as the heading of the question.
 * @returns Its name; null if there is none, or the user took none, or the server failed. Whoever
 * used the command has been told then.
 */
export type ClusterChooser = (
  given: unknown,
  title: string
) => Promise<string | null>;

/**
 * Make the chooser that every command shares: no cluster, and the ways to get one are offered; one,
 * and it is taken; several, and the user picks.
 */
export function clusterChooser(
  list: () => Promise<ReadonlyArray<Profile>>,
  commands: CommandRegistry,
  trans: TranslationBundle
): ClusterChooser {
  return async (given, title) => {
    if (typeof given === 'string') {
      return given;
    }
    try {
      const profiles = await list();
      switch (profiles.length) {
        case 0:
          offer(commands, trans);
          return null;
        case 1:
          return profiles[0].name;
        default:
          return await pick(profiles, title);
      }
    } catch (error) {
      await showErrorMessage(title, describeError(error));
      return null;
    }
  };
}

async function pick(
  profiles: ReadonlyArray<Profile>,
  title: string
): Promise<string | null> {
  const items = profiles.map(profile =>
    profile.title === profile.name
      ? profile.name
      : `${profile.title} (${profile.name})`
  );
  const { button, value } = await InputDialog.getItem({ title, items });
  return button.accept && value !== null
    ? profiles[items.indexOf(value)].name
    : null;
}

function offer(commands: CommandRegistry, trans: TranslationBundle): void {
  Notification.info(trans.__('There is no cluster yet.'), {
    autoClose: false,
    actions: WAYS_TO_GET_ONE.map(command => ({
      label: commands.label(command),
      callback: () => void commands.execute(command)
    }))
  });
}
