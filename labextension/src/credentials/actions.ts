import { Notification, showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { Identity, Profile } from '../api';
import { clusterChooser } from '../clusters/choose';
import { describeError } from '../request';
import type { IStatusModel } from '../status/tokens';
import type { CredentialDialogs } from './dialogs';
import type { CredentialService } from './service';
import type { IIdentities } from './tokens';
import { isLoggedIn, timeLeft } from './words';

/** What people do with logins, each with an answer; nothing here throws. */
export class CredentialActions {
  constructor(private readonly _options: CredentialActions.IOptions) {}

  /**
   * Ask for the password of a cluster.
   *
   * @param cluster - Its name; what is not a name is asked for.
   * @param user - Name that the form starts with.
   */
  login(cluster: unknown, user = ''): Promise<void> {
    const { identities, service, dialogs, trans } = this._options;
    return this._with(
      cluster,
      trans.__('Log in to a cluster'),
      () => true,
      trans.__('No cluster asks for a login.'),
      async profile => {
        if (identities.of(profile.name)?.interactive) {
          await (await dialogs()).login(profile, user);
        } else {
          // The profile says what proves who the user is.
          await service.renew(profile.name);
        }
      }
    );
  }

  logout(cluster: unknown): Promise<void> {
    const { service, trans } = this._options;
    return this._with(
      cluster,
      trans.__('Log out of a cluster'),
      isLoggedIn,
      trans.__('You are not logged in to any cluster.'),
      async ({ name, title }) => {
        await service.logout(name);
        this._tell(trans.__('You are logged out of %1.', title));
      }
    );
  }

  logoutAll(): Promise<void> {
    const { service, trans } = this._options;
    return this._safely(trans.__('Log out of every cluster'), async () => {
      await service.logoutAll();
      this._tell(trans.__('You are logged out of every cluster.'));
    });
  }

  renew(cluster: unknown): Promise<void> {
    const { service, trans } = this._options;
    return this._with(
      cluster,
      trans.__('Renew the login to a cluster'),
      isLoggedIn,
      trans.__('You are not logged in to any cluster.'),
      async ({ name, title }) => {
        const { expires_at } = await service.renew(name);
        this._tell(
          expires_at === null
            ? trans.__('The login to %1 is renewed.', title)
            : trans.__(
                'The login to %1 is renewed: %2 from now.',
                title,
                timeLeft(expires_at, Date.now(), trans)
              )
        );
      }
    );
  }

  whoAmI(cluster: unknown): Promise<void> {
    const { dialogs, trans } = this._options;
    return this._with(
      cluster,
      trans.__('Who am I on a cluster?'),
      () => true,
      trans.__('No cluster asks for a login.'),
      async profile => (await dialogs()).whoAmI(profile)
    );
  }

  /**
   * Do something about the login to one cluster.
   *
   * @param fits - Which clusters are proposed.
   * @param none - What to say if there is no such cluster.
   */
  private _with(
    given: unknown,
    title: string,
    fits: (identity: Identity) => boolean,
    none: string,
    act: (profile: Profile) => Promise<void>
  ): Promise<void> {
    const { identities, status, commands, trans } = this._options;
    return this._safely(title, async () => {
      const proposed = identities.all
        .filter(fits)
        .flatMap(({ cluster }) => status.card(cluster)?.profile ?? []);
      if (
        typeof given !== 'string' &&
        status.cards.length &&
        !proposed.length
      ) {
        Notification.info(none);
        return;
      }
      const choose = clusterChooser(async () => proposed, commands, trans);
      const name = await choose(given, title);
      const profile = name === null ? undefined : status.card(name)?.profile;
      if (profile && identities.of(profile.name)) {
        await act(profile);
      } else if (profile) {
        Notification.info(trans.__('%1 asks for no login.', profile.title));
      } else if (name !== null) {
        Notification.error(trans.__('There is no cluster named %1.', name));
      }
    });
  }

  private _tell(message: string): void {
    Notification.success(message, { autoClose: 4000 });
  }

  private async _safely(
    title: string,
    act: () => Promise<void>
  ): Promise<void> {
    try {
      await act();
    } catch (error) {
      await showErrorMessage(title, describeError(error));
    }
  }
}

/** The namespace for the `CredentialActions` class statics. */
export namespace CredentialActions {
  /** What the actions are made with. */
  export interface IOptions {
    identities: IIdentities;
    status: IStatusModel;
    service: CredentialService;
    /** Loaded when the first of them is opened. */
    dialogs: () => Promise<CredentialDialogs>;
    commands: CommandRegistry;
    trans: TranslationBundle;
  }
}
