import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import type { Identity } from '../api';
import { CommandIDs } from '../commands';
import { canRenew } from './words';

/** Make the menu of an identity: what can be done about a login. */
export function identityMenu(
  commands: CommandRegistry
): (identity: Identity, button: HTMLElement) => void {
  const menu = new Menu({ commands });
  return (identity, button) => {
    const args = { cluster: identity.cluster, short: true };
    menu.clearItems();
    menu.addItem({ command: CommandIDs.whoAmI, args });
    if (canRenew(identity)) {
      menu.addItem({ command: CommandIDs.renewLogin, args });
    }
    // What needs no person would be logged in again at once.
    if (identity.interactive) {
      menu.addItem({ command: CommandIDs.login, args });
      menu.addItem({ type: 'separator' });
      menu.addItem({ command: CommandIDs.logout, args });
    }
    const { left, bottom } = button.getBoundingClientRect();
    menu.open(left, bottom);
  };
}
