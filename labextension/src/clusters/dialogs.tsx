import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Profile } from '../api';
import { CommandIDs } from '../commands';
import { notify } from '../notify';
import { AddForm } from './add';
import { DoctorView } from './doctor';
import { EditForm } from './edit';
import { openModal } from './modal';
import type { ClusterService } from './service';

/** Opens the dialogs of profiles; each promise is kept when its dialog is closed. */
export class ClusterDialogs {
  constructor(
    private readonly _service: ClusterService,
    private readonly _commands: CommandRegistry,
    private readonly _translator: ITranslator
  ) {
    this._trans = _translator.load('jupyter_ext');
  }

  /** Add a cluster. */
  add(): Promise<void> {
    const trans = this._trans;
    return openModal(
      trans.__('Add a cluster'),
      close => (
        <AddForm
          trans={trans}
          add={profile => this._service.add(profile)}
          list={path => this._service.directory(path)}
          onAdded={profile => this._announce(profile)}
          onLost={message => void notify(message, 'error', trans)}
          close={close}
        />
      ),
      '[role=tab][aria-selected=true]'
    );
  }

  /** Edit a cluster's profile. */
  async edit(name: string): Promise<void> {
    const trans = this._trans;
    const [profile, schema] = await Promise.all([
      this._service.get(name),
      this._service.schema()
    ]);
    await openModal(
      trans.__('Edit %1', profile.title),
      close => (
        <EditForm
          translator={this._translator}
          profile={profile}
          schema={schema}
          edit={(cluster, config) => this._service.edit(cluster, config)}
          onEdited={edited =>
            void Notification.success(trans.__('%1 is saved.', edited.title), {
              autoClose: 3000
            })
          }
          close={close}
        />
      ),
      'input:not([disabled])'
    );
  }

  /** Ask, then remove a cluster's profile. */
  async remove(name: string): Promise<void> {
    const trans = this._trans;
    const { button } = await showDialog({
      title: trans.__('Remove %1?', name),
      body: trans.__(
        'Only the profile of %1 is removed from your settings. The cluster, its data and its applications stay as they are.',
        name
      ),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Remove') })
      ],
      defaultButton: 0
    });
    if (button.accept) {
      await this._service.remove(name);
      Notification.success(trans.__('%1 is removed.', name), {
        autoClose: 3000
      });
    }
  }

  /** Run the checks of a cluster. */
  doctor(name: string): Promise<void> {
    const trans = this._trans;
    const examine = (signal: AbortSignal) => this._service.doctor(name, signal);
    return openModal(
      trans.__('Checks of %1', name),
      close => (
        <DoctorView
          trans={trans}
          examine={examine}
          copy={text => Clipboard.copyToSystem(text)}
          close={close}
        />
      ),
      '[data-jext-focus]'
    );
  }

  private _announce({ name, title }: Profile): void {
    const trans = this._trans;
    const act = (label: string, command: string) => ({
      label,
      callback: () => void this._commands.execute(command, { cluster: name })
    });
    Notification.success(trans.__('%1 is added.', title), {
      autoClose: 10000,
      actions: [
        act(trans.__('Run checks'), CommandIDs.doctor),
        act(trans.__('Details'), CommandIDs.details)
      ]
    });
  }

  private readonly _trans: TranslationBundle;
}
