import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { Collapse } from '../status/collapse';
import { connectionNotice } from '../status/notice';
import type { IStatusModel } from '../status/tokens';
import type { KernelActions } from './actions';
import { KernelCard } from './card';
import { Seen } from './clock';
import type { IRemoteKernels } from './tokens';

/** The cards of every remote kernel. */
export class KernelsPanel extends ReactWidget {
  constructor(private readonly _options: KernelsPanel.IOptions) {
    super();
    this.addClass('jp-jext-clusters');
    this.addClass('jp-jext-kernels');
    const { kernels, status, collapse } = _options;
    kernels.changed.connect(this._onChanged, this);
    status.boardChanged.connect(this._onChanged, this);
    status.connectionChanged.connect(this._onChanged, this);
    collapse.changed.connect(this._onChanged, this);
  }

  protected override render(): React.JSX.Element {
    return (
      <Seen.Provider value={this.isVisible}>
        <Kernels {...this._options} />
      </Seen.Provider>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
    this._options.onShown();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    // Rendering is not held back by being hidden: it stops the clocks.
    this.update();
  }

  private _onChanged(): void {
    if (this.isVisible) {
      this.update();
    }
  }
}

/** The namespace for the `KernelsPanel` class statics. */
export namespace KernelsPanel {
  /** What a panel is made with. */
  export interface IOptions {
    kernels: IRemoteKernels;
    status: IStatusModel;
    collapse: Collapse;
    actions: KernelActions;
    /** Whether a kernelspec of ours is there to start. */
    hasSpecs: () => boolean;
    /** Open a launcher. */
    launch: () => void;
    /** Somebody looks. */
    onShown: () => void;
    trans: TranslationBundle;
  }
}

function Kernels(props: KernelsPanel.IOptions): React.JSX.Element {
  const { kernels, status, collapse, actions, trans } = props;
  const notice = connectionNotice(status.connection, trans);
  if (notice) {
    return (
      <div className="jp-jext-notice" role="alert">
        <strong>{notice.title}</strong>
        <p>{notice.text}</p>
      </div>
    );
  }
  const { all } = kernels;
  const stale = status.connection === 'lost';
  return (
    <>
      {stale && (
        <div className="jp-jext-banner" role="status">
          {trans.__(
            'Connection to the server lost; reconnecting. Kernels on other machines go on.'
          )}
        </div>
      )}
      {all === null && !stale && (
        <p className="jp-jext-placeholder">{trans.__('Connecting…')}</p>
      )}
      {all?.length === 0 && <Empty {...props} />}
      {all?.map(view => (
        <KernelCard
          key={view.kernel_id}
          view={view}
          color={
            (view.cluster && status.card(view.cluster)?.profile.color) || 'grey'
          }
          busy={stale || kernels.isBusy(view.kernel_id)}
          stale={stale}
          collapsed={collapse.isCollapsed(view.kernel_id)}
          onToggle={id => collapse.toggle(id)}
          actions={actions}
          trans={trans}
        />
      ))}
    </>
  );
}

function Empty(props: KernelsPanel.IOptions): React.JSX.Element {
  const { trans } = props;
  const hasSpecs = props.hasSpecs();
  return (
    <div className="jp-jext-offer jp-jext-kernels-empty">
      <h3>{trans.__('No remote kernels')}</h3>
      <p>
        {hasSpecs
          ? trans.__(
              'Start one from the launcher or with a notebook’s kernel menu. It runs in a container, and goes on when this page or the Jupyter server is closed.'
            )
          : trans.__(
              'No cluster offers kernels yet. A cluster’s profile says which it has: edit it in the Clusters panel, under Kernels.'
            )}
      </p>
      {hasSpecs && (
        <button className="jp-mod-styled jp-mod-accept" onClick={props.launch}>
          {trans.__('Open a launcher')}
        </button>
      )}
    </div>
  );
}
