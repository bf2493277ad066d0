import { Notification, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import React from 'react';

import type { AppStatus, Card, ClusterStatus, Identity } from '../api';
import { CommandIDs } from '../commands';
import { LoginButton } from '../credentials/card';
import { asksLogin } from '../credentials/words';
import { notify } from '../notify';
import { describeError } from '../request';
import type { IAppActions } from './apps';
import { Apps } from './apps';
import type { IClusterClient } from './client';
import { HdfsSection } from './hdfs';
import { clustersIcon } from './icons';
import { confirmKill } from './kill';
import { Nodes } from './nodes';
import { connectionNotice } from './notice';
import { Queues } from './queues';
import { Header, Summary } from './summary';
import type { IStatusModel } from './tokens';

/** Everything that is known about one cluster; content of a main area widget. */
export class ClusterDetail extends ReactWidget {
  constructor(options: ClusterDetail.IOptions) {
    super();
    this.cluster = options.cluster;
    this._model = options.model;
    this._run = options.run;
    this._confirmsKill = options.confirmsKill;
    this._trans = options.trans;
    this._actions = {
      client: options.client,
      kill: app => this._kill(app),
      isVisible: () => this.isVisible
    };
    this.addClass('jp-jext-detail');
    this.title.icon = clustersIcon;
    this._model.boardChanged.connect(this._onBoard, this);
    this._model.statusChanged.connect(this._onStatus, this);
    this._model.identityChanged.connect(this._onStatus, this);
    this._model.connectionChanged.connect(this._onBoard, this);
    this._onBoard();
  }

  /** Name of the profile that is shown, whether it still exists or not. */
  readonly cluster: string;

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.boardChanged.disconnect(this._onBoard, this);
    this._model.statusChanged.disconnect(this._onStatus, this);
    this._model.identityChanged.disconnect(this._onStatus, this);
    this._model.connectionChanged.disconnect(this._onBoard, this);
    super.dispose();
    Signal.clearData(this);
  }

  protected override render(): React.JSX.Element {
    const card = this._model.card(this.cluster);
    if (!card) {
      return <p className="jp-jext-empty">{this._absence()}</p>;
    }
    return (
      <DetailView
        card={card}
        notice={this._notice()}
        actions={this._actions}
        refresh={() => this._model.refresh()}
        diagnose={() => this._run(CommandIDs.doctor, this.cluster)}
        login={
          <LoginButton
            identity={card.identity}
            run={this._run}
            trans={this._trans}
          />
        }
        trans={this._trans}
      />
    );
  }

  private _onBoard(): void {
    const card = this._model.card(this.cluster);
    this.title.label = card?.profile.title ?? this.cluster;
    this.title.caption = this._trans.__('Hadoop cluster %1', this.cluster);
    this.update();
  }

  private _onStatus(_: IStatusModel, news: ClusterStatus | Identity): void {
    if (news.cluster === this.cluster) {
      this.update();
    }
  }

  /** Why nothing can be shown. */
  private _absence(): string {
    const notice = connectionNotice(this._model.connection, this._trans);
    if (notice) {
      return `${notice.title} ${notice.text}`;
    }
    if (!this._model.ready) {
      return this._trans.__('Waiting for the server…');
    }
    return this._trans.__(
      'The cluster %1 has been removed: there is no profile of that name any more.',
      this.cluster
    );
  }

  /** What is wrong between this page and the server, if anything. */
  private _notice(): string {
    if (this._model.connection === 'lost') {
      return this._trans.__(
        'The connection to the Jupyter server is lost; it is tried again by itself.'
      );
    }
    const notice = connectionNotice(this._model.connection, this._trans);
    return notice ? `${notice.title} ${notice.text}` : '';
  }

  private async _kill(app: AppStatus): Promise<string> {
    const card = this._model.card(this.cluster);
    if (!card) {
      return '';
    }
    const { profile } = card;
    const asks = profile.production || this._confirmsKill();
    if (asks && !(await confirmKill(app, profile, this._trans))) {
      return '';
    }
    try {
      await this._actions.client.kill(app.id);
    } catch (error) {
      const reason = describeError(error);
      notify(reason, 'error', this._trans);
      return reason;
    }
    Notification.success(
      this._trans.__('%1 told to end %2.', profile.title, app.id),
      { autoClose: 5000 }
    );
    this._model.refresh();
    return '';
  }

  private readonly _model: IStatusModel;
  private readonly _run: ClusterDetail.IOptions['run'];
  private readonly _confirmsKill: ClusterDetail.IOptions['confirmsKill'];
  private readonly _trans: TranslationBundle;
  private readonly _actions: IAppActions;
}

export namespace ClusterDetail {
  /** What a detail view is made of. */
  export interface IOptions {
    cluster: string;
    model: IStatusModel;
    client: IClusterClient;
    /** Execute a command with `{cluster}`. */
    run: (command: string, cluster: string) => void;
    /** Whether to ask before an application is killed; on production it is always asked. */
    confirmsKill: () => boolean;
    trans: TranslationBundle;
  }
}

/** The sections, one below the other. */
export function DetailView(props: {
  card: Card;
  /** What is wrong between this page and the server; empty when nothing is. */
  notice: string;
  actions: IAppActions;
  refresh: () => void;
  diagnose: () => void;
  /** Who is logged in, or the way to log in. */
  login: React.ReactNode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { card, notice, actions, trans } = props;
  const { profile, status } = card;
  return (
    <div
      className={`jp-jext-detail-body jp-jext-color-${profile.color}`}
      data-cluster={profile.name}
      data-state={status.state}
    >
      {notice && (
        <p className="jp-jext-note jp-mod-error" role="alert">
          {notice}
        </p>
      )}
      <Header
        card={card}
        actions={
          <>
            {props.login}
            <button
              className="jp-mod-styled jp-jext-button"
              onClick={props.refresh}
            >
              {trans.__('Refresh')}
            </button>
            <button
              className="jp-mod-styled jp-jext-button"
              onClick={props.diagnose}
            >
              {trans.__('Run the doctor')}
            </button>
          </>
        }
        trans={trans}
      />
      {/* Before a login every section would only repeat that there has to be one. */}
      {!asksLogin(card.identity) && (
        <>
          <Summary status={status} trans={trans} />
          <Apps card={card} actions={actions} trans={trans} />
          <Queues status={status} trans={trans} />
          <Nodes status={status} client={actions.client} trans={trans} />
          <HdfsSection status={status} trans={trans} />
        </>
      )}
    </div>
  );
}
