import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import type { BoxPanel } from '@lumino/widgets';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import type { KernelView } from '../api';
import type { KernelActions } from './actions';
import { CullNote } from './card';
import { FailureNote } from './failure';
import { KernelStateIcon } from './icons';
import { PhaseLine } from './phases';
import type { IPlace, Places } from './places';
import type { IRemoteKernels } from './tokens';
import { isStarting, unreachableSentence } from './words';

/** What a person should know of the kernel, above the notebook that waits for it. */
export class KernelStrip extends ReactWidget {
  constructor(private readonly _options: KernelStrip.IOptions) {
    super();
    this.addClass('jp-jext-strip');
    this._resized = new ResizeObserver(() => this._fit());
    const { kernels, place } = _options;
    kernels.changed.connect(this._onChanged, this);
    place.context.kernelChanged.connect(this._onChanged, this);
    this._onChanged();
  }

  override dispose(): void {
    this._resized.disconnect();
    super.dispose();
  }

  protected override render(): React.JSX.Element | null {
    const { actions, kernels, place, showPanel, trans } = this._options;
    const view = kernelOf(place, kernels);
    if (!view || !hasNews(view)) {
      return null;
    }
    return (
      <div className="jp-jext-strip-body" ref={this._onBody}>
        <Strip
          view={view}
          busy={kernels.isBusy(view.kernel_id)}
          actions={actions}
          showPanel={showPanel}
          trans={trans}
        />
      </div>
    );
  }

  private _onChanged(): void {
    const { kernels, place } = this._options;
    const view = kernelOf(place, kernels);
    this.setHidden(!view || !hasNews(view));
    this.update();
  }

  private readonly _onBody = (body: HTMLElement | null): void => {
    this._resized.disconnect();
    this._body = body;
    if (body) {
      this._resized.observe(body);
    }
  };

  /** A box layout gives no more room than what is asked for. */
  private _fit(): void {
    const height = `${this._body?.offsetHeight ?? 0}px`;
    if (this.node.style.minHeight !== height) {
      this.node.style.minHeight = height;
      if (this.parent) {
        MessageLoop.postMessage(this.parent, Widget.Msg.FitRequest);
      }
    }
  }

  private _body: HTMLElement | null = null;
  private readonly _resized: ResizeObserver;
}

/** The namespace for the `KernelStrip` class statics. */
export namespace KernelStrip {
  /** What a strip is made with. */
  export interface IOptions {
    place: IPlace;
    kernels: IRemoteKernels;
    actions: KernelActions;
    showPanel: () => void;
    trans: TranslationBundle;
  }
}

/** Puts a strip above everything that uses a remote kernel. */
export class KernelStrips {
  constructor(
    private readonly _places: Places,
    private readonly _options: Omit<KernelStrip.IOptions, 'place'>
  ) {
    _options.kernels.changed.connect(this._look, this);
    _places.changed?.connect(this._look, this);
  }

  private _look(): void {
    for (const place of this._places.all) {
      const { contentHeader } = place.widget as Widget & {
        contentHeader?: BoxPanel;
      };
      if (contentHeader && !this._known.has(place.widget)) {
        this._known.add(place.widget);
        contentHeader.addWidget(new KernelStrip({ ...this._options, place }));
      }
    }
  }

  private readonly _known = new WeakSet<Widget>();
}

function Strip(props: {
  view: KernelView;
  busy: boolean;
  actions: KernelActions;
  showPanel: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { view, busy, actions, showPanel, trans } = props;
  const button = (label: string, act: () => void) => (
    <button
      className="jp-mod-styled jp-jext-button"
      disabled={busy}
      onClick={act}
    >
      {label}
    </button>
  );
  if (view.failure && view.state === 'failed') {
    return (
      <FailureNote
        view={view}
        failure={view.failure}
        busy={busy}
        again={actions.again}
        stop={actions.stop}
        trans={trans}
      />
    );
  }
  return (
    <div className="jp-jext-strip-line" data-state={view.state}>
      <KernelStateIcon state={view.state} />
      <strong>{view.title}</strong>
      {isStarting(view) && (
        <>
          <PhaseLine view={view} trans={trans} />
          {button(trans.__('Cancel'), () => void actions.stop(view))}
        </>
      )}
      {view.state === 'unreachable' && (
        <span role="status">{unreachableSentence(trans)}</span>
      )}
      {view.cull_at !== null && <CullNote at={view.cull_at} trans={trans} />}
      {button(trans.__('Show'), showPanel)}
    </div>
  );
}

function kernelOf(place: IPlace, kernels: IRemoteKernels): KernelView | null {
  const id = place.context.session?.kernel?.id;
  return id === undefined ? null : kernels.get(id);
}

/** Whether there is something to tell of a kernel. */
function hasNews(view: KernelView): boolean {
  return view.state !== 'running' || view.cull_at !== null;
}
