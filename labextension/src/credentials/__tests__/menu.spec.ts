import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import type { Identity } from '../../api';
import { CommandIDs } from '../../commands';
import { identityMenu } from '../menu';
import { alice } from './fakes';

/** What the menu of a login offers. */
function offered(identity: Identity): string[] {
  let items: string[] = [];
  const open = jest.spyOn(Menu.prototype, 'open').mockImplementation(function (
    this: Menu
  ) {
    items = this.items.map(({ type, command, args }) => {
      expect(type === 'separator' || args.cluster === 'prod').toBe(true);
      return type === 'separator' ? '' : command;
    });
  });
  const commands = new CommandRegistry();
  identityMenu(commands)(identity, document.createElement('button'));
  open.mockRestore();
  return items;
}

describe('the menu of a login', () => {
  it('offers everything that can be done about it', () => {
    expect(offered(alice())).toEqual([
      CommandIDs.whoAmI,
      CommandIDs.renewLogin,
      CommandIDs.login,
      '',
      CommandIDs.logout
    ]);
  });

  it('offers no renewal that would be in vain', () => {
    expect(offered(alice({ renew_until: null }))).not.toContain(
      CommandIDs.renewLogin
    );
  });

  it('offers no logout from where one would be logged in again at once', () => {
    expect(offered(alice({ interactive: false }))).toEqual([
      CommandIDs.whoAmI,
      CommandIDs.renewLogin
    ]);
  });
});
