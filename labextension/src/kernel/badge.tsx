import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownEmptyThinIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';
import * as React from 'react';

import type { Profile } from '../api';
import { WAYS_TO_GET_ONE } from '../clusters/choose';
import { CommandIDs } from '../commands';
import type { IStatusModel } from '../status/tokens';
import type { KernelCluster } from './model';

/** What a badge shows. */
export interface IBadgeView {
  label: string;
  tooltip: string;
  color: Profile['color'] | null;
  production: boolean;
  enabled: boolean;
}

/**
 * Say in words what is known about a kernel's cluster.
 *
 * @param profile - Profile of the kernel's cluster, if there is one of that name.
 */
export function describe(
  kernel: KernelCluster,
  profile: Profile | undefined,
  trans: TranslationBundle
): IBadgeView {
  const view = {
    label: trans.__('No cluster'),
    color: null,
    production: false,
    enabled: false
  };
  const { cluster } = kernel;
  switch (kernel.state) {
    case 'none':
      return { ...view, tooltip: trans.__('There is no kernel.') };
    case 'foreign':
      return {
        ...view,
        tooltip: trans.__(
          'Only Python kernels can switch between clusters; this one speaks %1.',
          kernel.language
        )
      };
    case 'switching':
      return {
        ...view,
        label: trans.__('Switching…'),
        tooltip: trans.__('The kernel switches as soon as it is idle.')
      };
    case 'unknown':
      return {
        ...view,
        enabled: true,
        label: trans.__('Cluster'),
        tooltip: trans.__(
          'The kernel has not said yet which cluster it works on.'
        )
      };
    case 'known':
  }
  if (cluster === null) {
    return {
      ...view,
      enabled: true,
      tooltip: trans.__('This kernel works on no cluster. Click to choose one.')
    };
  }
  if (!profile) {
    return {
      ...view,
      enabled: true,
      label: cluster,
      color: 'grey',
      tooltip: trans.__(
        'This kernel works on %1, which has no profile any more.',
        cluster
      )
    };
  }
  return {
    label: profile.title,
    tooltip: profile.production
      ? trans.__(
          'This kernel works on %1, a production cluster. Click to switch.',
          cluster
        )
      : trans.__('This kernel works on %1. Click to switch.', cluster),
    color: profile.color,
    production: profile.production,
    enabled: true
  };
}

/** The badge itself. */
export function BadgeView(props: {
  view: IBadgeView;
  trans: TranslationBundle;
  onClick: (button: HTMLElement) => void;
}): JSX.Element {
  const { view, trans, onClick } = props;
  const color = view.color ? ` jp-jext-color-${view.color}` : '';
  return (
    <button
      type="button"
      className={`jp-jext-badge${color}`}
      title={view.tooltip}
      aria-label={trans.__('Cluster of the kernel: %1', view.label)}
      aria-haspopup="menu"
      disabled={!view.enabled}
      onClick={event => onClick(event.currentTarget)}
    >
      <span className="jp-jext-badge-dot" aria-hidden="true" />
      <span className="jp-jext-badge-label">{view.label}</span>
      {view.production && (
        <span className="jp-jext-badge-mark">{trans.__('production')}</span>
      )}
      <caretDownEmptyThinIcon.react
        tag="span"
        className="jp-jext-badge-caret"
      />
    </button>
  );
}

/** The notebook toolbar's item: the kernel's cluster, and a menu to switch. */
export class ClusterBadge extends ReactWidget {
  constructor(private readonly _options: ClusterBadge.IOptions) {
    super();
    this.addClass('jp-jext-badge-item');
    this._menu = new Menu({ commands: _options.commands });
    this._menu.addClass('jp-jext-badge-menu');
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._menu.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    const { kernel, status, trans } = this._options;
    const draw = () => {
      const profile = kernel.cluster
        ? status.card(kernel.cluster)?.profile
        : undefined;
      return (
        <BadgeView
          view={describe(kernel, profile, trans)}
          trans={trans}
          onClick={this._openMenu}
        />
      );
    };
    return (
      <UseSignal signal={status.boardChanged}>
        {() => <UseSignal signal={kernel.changed}>{draw}</UseSignal>}
      </UseSignal>
    );
  }

  private _openMenu = (button: HTMLElement): void => {
    const { status, notebook } = this._options;
    this._menu.clearItems();
    for (const { profile } of status.cards) {
      this._menu.addItem({
        command: CommandIDs.use,
        args: { cluster: profile.name, notebook: notebook() }
      });
    }
    if (status.cards.length > 0) {
      this._menu.addItem({ type: 'separator' });
      this._menu.addItem({ command: CommandIDs.add });
    } else {
      for (const command of WAYS_TO_GET_ONE) {
        this._menu.addItem({ command });
      }
    }
    this._menu.addItem({ command: CommandIDs.show });
    const { left, bottom } = button.getBoundingClientRect();
    this._menu.open(left, bottom);
  };

  private readonly _menu: Menu;
}

export namespace ClusterBadge {
  export interface IOptions {
    kernel: KernelCluster;
    status: IStatusModel;
    commands: CommandRegistry;
    trans: TranslationBundle;
    /** Path of the notebook that the badge belongs to. */
    notebook: () => string;
  }
}
