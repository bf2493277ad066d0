import {
  Dialog,
  Notification,
  ReactWidget,
  showDialog
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { AppStatus, Profile } from '../api';

/**
 * Ask whether an application shall be killed: once, or twice on a production cluster.
 *
 * @returns whether it was confirmed every time.
 */
export async function confirmKill(
  app: AppStatus,
  profile: Profile,
  trans: TranslationBundle
): Promise<boolean> {
  const cancel = Dialog.cancelButton({ label: trans.__('Cancel') });
  const first = await showDialog({
    title: trans.__('Kill this application?'),
    body: ReactWidget.create(
      <Facts app={app} profile={profile} trans={trans} />
    ),
    buttons: [
      cancel,
      Dialog.warnButton({
        label: profile.production ? trans.__('Continue…') : trans.__('Kill')
      })
    ],
    defaultButton: 0
  });
  if (!first.button.accept || !profile.production) {
    return first.button.accept;
  }
  const second = await showDialog<string>({
    title: trans.__('%1 is a production cluster', profile.title),
    body: new TypedId(app.id, trans),
    buttons: [
      cancel,
      Dialog.warnButton({ label: trans.__('Kill on production') })
    ],
    defaultButton: 0,
    focusNodeSelector: 'input'
  });
  if (!second.button.accept) {
    return false;
  }
  if (second.value !== app.id) {
    Notification.warning(
      trans.__('That was not the id of the application: nothing was killed.')
    );
    return false;
  }
  return true;
}

function Facts(props: {
  app: AppStatus;
  profile: Profile;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { app, profile, trans } = props;
  return (
    <div className="jp-jext-kill">
      <p>{trans.__('Its containers are stopped; this cannot be undone.')}</p>
      <dl>
        <dt>{trans.__('Name')}</dt>
        <dd>{app.name}</dd>
        <dt>{trans.__('Id')}</dt>
        <dd>{app.id}</dd>
        <dt>{trans.__('Queue')}</dt>
        <dd>{app.queue}</dd>
        <dt>{trans.__('Cluster')}</dt>
        <dd>{profile.title}</dd>
      </dl>
    </div>
  );
}

/** A field that is valid, and so lets the dialog be accepted, once the id stands in it. */
class TypedId extends ReactWidget implements Dialog.IBodyWidget<string> {
  constructor(
    private readonly _id: string,
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  getValue(): string {
    return this.node.querySelector('input')?.value.trim() ?? '';
  }

  protected override render(): React.JSX.Element {
    return (
      <label className="jp-jext-kill">
        <span>{this._trans.__('To kill it, type its id: %1', this._id)}</span>
        <input
          className="jp-mod-styled"
          type="text"
          required
          pattern={`\\s*${this._id}\\s*`}
          autoComplete="off"
          spellCheck={false}
        />
      </label>
    );
  }
}
