import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { clusterArgs, CommandIDs, loginArgs, NO_ARGS } from '../commands';
import { IStatusModel } from '../status/tokens';
import { CredentialActions } from './actions';
import type { CredentialDialogs } from './dialogs';
import type { ILoginRequest } from './kernel';
import { LoginRequests, whenSeen } from './kernel';
import { Identities } from './model';
import { EndNotices } from './notices';
import { CredentialService } from './service';
import { IIdentities } from './tokens';
import { RememberedUsers } from './users';

/** Who the user is on each cluster, for whoever wants to know. */
export const identitiesPlugin: JupyterFrontEndPlugin<IIdentities> = {
  id: '@jupyter-ext/labextension:identities',
  description: 'Knows who the user is on each Hadoop cluster.',
  autoStart: true,
  requires: [IStatusModel],
  provides: IIdentities,
  activate: (app: JupyterFrontEnd, status: IStatusModel): IIdentities =>
    new Identities(status)
};

/** Logs in to clusters and out of them. */
export const credentialsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@jupyter-ext/labextension:credentials',
  description: 'Logs in to Hadoop clusters and out of them.',
  autoStart: true,
  requires: [IStatusModel, IIdentities],
  optional: [ITranslator, ICommandPalette, IStateDB, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    status: IStatusModel,
    identities: IIdentities,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    state: IStateDB | null,
    notebooks: INotebookTracker | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_ext');
    const service = new CredentialService(app.serviceManager.serverSettings);
    const users = new RememberedUsers(state);
    let opener: Promise<CredentialDialogs> | null = null;
    const dialogs = (): Promise<CredentialDialogs> => {
      opener ??= import('./dialogs').then(
        ({ CredentialDialogs }) =>
          new CredentialDialogs(identities, service, users, trans)
      );
      return opener;
    };
    const actions = new CredentialActions({
      identities,
      status,
      service,
      dialogs,
      commands,
      trans
    });
    const titleOf = (cluster: string) =>
      status.card(cluster)?.profile.title ?? cluster;
    new EndNotices(
      identities,
      titleOf,
      cluster => void actions.login(cluster),
      trans
    );

    const add = (
      id: string,
      label: string,
      caption: string,
      shortLabel: string,
      execute: (args: { cluster?: unknown; user?: unknown }) => Promise<void>,
      describedBy = clusterArgs(trans)
    ) => {
      commands.addCommand(id, {
        // In the menu of one cluster's login.
        label: args => (args.short === true ? shortLabel : label),
        caption,
        describedBy,
        execute
      });
      palette?.addItem({ command: id, category: trans.__('Clusters') });
    };
    add(
      CommandIDs.login,
      trans.__('Log In to Cluster…'),
      trans.__('Ask for the password of your account on a cluster'),
      trans.__('Log In Again…'),
      ({ cluster, user }) =>
        actions.login(cluster, typeof user === 'string' ? user : ''),
      loginArgs(trans)
    );
    add(
      CommandIDs.logout,
      trans.__('Log Out of Cluster…'),
      trans.__('Give back the tickets and tokens that you have on a cluster'),
      trans.__('Log Out'),
      ({ cluster }) => actions.logout(cluster)
    );
    add(
      CommandIDs.whoAmI,
      trans.__('Who Am I on Cluster…'),
      trans.__('Show your account, tickets and tokens on a cluster'),
      trans.__('Who Am I…'),
      ({ cluster }) => actions.whoAmI(cluster)
    );
    add(
      CommandIDs.renewLogin,
      trans.__('Renew Login to Cluster…'),
      trans.__('Put the end of a login off, without a password'),
      trans.__('Renew Now'),
      ({ cluster }) => actions.renew(cluster)
    );
    commands.addCommand(CommandIDs.logoutAll, {
      label: trans.__('Log Out of All Clusters'),
      caption: trans.__(
        'Give back the tickets and tokens that you have on any cluster'
      ),
      describedBy: NO_ARGS,
      execute: () => actions.logoutAll()
    });
    palette?.addItem({
      command: CommandIDs.logoutAll,
      category: trans.__('Clusters')
    });

    const onRequest = ({ action, cluster, user }: ILoginRequest) => {
      if (cluster === null) {
        void actions.logoutAll();
      } else if (action === 'logout') {
        void actions.logout(cluster);
      } else {
        // Of the pages that show the notebook, the one that is seen asks.
        const since = identities.of(cluster)?.since;
        whenSeen(() => {
          if (identities.of(cluster)?.since === since) {
            void actions.login(cluster, user);
          }
        });
      }
    };
    const listen = (panel: NotebookPanel) => {
      const requests = new LoginRequests(panel.sessionContext, onRequest);
      panel.disposed.connect(() => requests.dispose(), panel);
    };
    notebooks?.forEach(listen);
    notebooks?.widgetAdded.connect((_, panel) => listen(panel));
  }
};
