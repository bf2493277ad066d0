import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Profile } from '../api';
import { openModal } from '../clusters/modal';
import { WhoAmI } from './details';
import { LoginForm } from './login';
import type { CredentialService } from './service';
import type { IIdentities } from './tokens';
import type { RememberedUsers } from './users';
import { isLoggedIn } from './words';

/** Opens the dialogs of logins; each promise is kept when its dialog is closed. */
export class CredentialDialogs {
  constructor(
    private readonly _identities: IIdentities,
    private readonly _service: CredentialService,
    private readonly _users: RememberedUsers,
    private readonly _trans: TranslationBundle
  ) {}

  /**
   * Ask for a password.
   *
   * @param user - Name to start with; the one used last, or the profile's, if it is empty.
   */
  async login(profile: Profile, user = ''): Promise<void> {
    const { name, title } = profile;
    const trans = this._trans;
    const identity = this._identities.of(name);
    const last = user || (await this._users.of(name)) || identity?.user || '';
    const again =
      identity !== null &&
      identity.user === last &&
      (identity.state === 'expired' || isLoggedIn(identity));
    await this._once(`login ${name}`, () =>
      openModal(
        trans.__('Log in to %1', title),
        close => (
          <LoginForm
            realm={identity?.realm ?? ''}
            kerberos={profile.auth === 'kerberos'}
            user={last}
            again={again}
            login={(body, signal) => this._service.login(name, body, signal)}
            change={(body, signal) =>
              this._service.changePassword(name, body, signal)
            }
            onLogin={(known, changed) => {
              void this._users.remember(name, known.user);
              this._greet(title, known.principal, changed);
            }}
            close={close}
            trans={trans}
          />
        ),
        last ? '#jp-jext-login-password' : '#jp-jext-login-user'
      )
    );
  }

  /** Show who the user is on a cluster. */
  async whoAmI(profile: Profile): Promise<void> {
    const { name, title } = profile;
    const trans = this._trans;
    let login = false;
    await this._once(`who ${name}`, () =>
      openModal(
        trans.__('Who am I on %1?', title),
        close => (
          <WhoAmI
            identities={this._identities}
            cluster={name}
            renew={() => this._service.renew(name)}
            logout={() => this._service.logout(name)}
            login={() => {
              login = true;
              close();
            }}
            close={close}
            trans={trans}
          />
        ),
        '[data-jext-focus]'
      )
    );
    if (login) {
      await this.login(profile);
    }
  }

  private _greet(title: string, principal: string, changed: boolean): void {
    const trans = this._trans;
    const who = trans.__('You are %1 on %2.', principal, title);
    Notification.success(
      [changed && trans.__('The password is changed.'), who]
        .filter(Boolean)
        .join(' '),
      { autoClose: 4000 }
    );
  }

  /** A dialog that is open or waits for its turn is not opened twice. */
  private async _once(key: string, open: () => Promise<void>): Promise<void> {
    if (this._open.has(key)) {
      return;
    }
    this._open.add(key);
    try {
      await open();
    } finally {
      this._open.delete(key);
    }
  }

  private readonly _open = new Set<string>();
}
