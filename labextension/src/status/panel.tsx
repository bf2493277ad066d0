import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { Identity } from '../api';
import { SandboxOffer } from '../sandbox/offer';
import { ClusterCard } from './card';
import type { Collapse } from './collapse';
import { formatDuration } from './format';
import { connectionNotice } from './notice';
import type { IStatusModel } from './tokens';

/** Milliseconds between two looks at the clock. */
const TICK_MS = 5000;

/** Only what shows an age listens to the clock, so that a tick renders no card. */
const Clock = React.createContext(Date.now());

/** The cards of every cluster. */
export class ClustersPanel extends ReactWidget {
  constructor(private readonly _options: ClustersPanel.IOptions) {
    super();
    this.addClass('jp-jext-clusters');
    const { model, collapse } = _options;
    model.boardChanged.connect(this.update, this);
    model.statusChanged.connect(this._onStatus, this);
    model.identityChanged.connect(this._onStatus, this);
    model.connectionChanged.connect(this.update, this);
    collapse.changed.connect(this.update, this);
  }

  protected override render(): React.JSX.Element {
    return (
      <ClockTicker running={this.isVisible}>
        <Panel {...this._options} onToggle={this._onToggle} />
      </ClockTicker>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    // Rendering is not held back by being hidden: it stops the clock.
    this.update();
  }

  private _onStatus(): void {
    if (this.isVisible) {
      this.update();
    }
  }

  private readonly _onToggle = (name: string): void => {
    this._options.collapse.toggle(name);
  };
}

/** The namespace for the `ClustersPanel` class statics. */
export namespace ClustersPanel {
  /** What a panel is made with. */
  export interface IOptions {
    model: IStatusModel;
    collapse: Collapse;
    commands: CommandRegistry;
    /** Execute a command with `{cluster}`. */
    run: (command: string, cluster: string) => void;
    /** Open the menu of a login below a button. */
    openMenu: (identity: Identity, button: HTMLElement) => void;
    trans: TranslationBundle;
  }
}

function Panel(
  props: ClustersPanel.IOptions & { onToggle: (name: string) => void }
): React.JSX.Element {
  const { model, collapse, trans } = props;
  const notice = connectionNotice(model.connection, trans);
  if (notice) {
    return (
      <div className="jp-jext-notice" role="alert">
        <strong>{notice.title}</strong>
        <p>{notice.text}</p>
      </div>
    );
  }
  return (
    <>
      {model.connection === 'lost' && (
        <LostBanner lostAt={model.lostAt} trans={trans} />
      )}
      {!model.ready && model.connection === 'connecting' && (
        <p className="jp-jext-placeholder">{trans.__('Connecting…')}</p>
      )}
      {model.ready && !model.cards.length && (
        <SandboxOffer trans={trans} commands={props.commands} />
      )}
      {model.cards.map(card => (
        <ClusterCard
          key={card.profile.name}
          card={card}
          collapsed={collapse.isCollapsed(card.profile.name)}
          onToggle={props.onToggle}
          run={props.run}
          openMenu={props.openMenu}
          clock={Clock}
          trans={trans}
        />
      ))}
    </>
  );
}

function LostBanner(props: {
  lostAt: number | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const now = React.useContext(Clock);
  const seconds = (now - (props.lostAt ?? now)) / 1000;
  return (
    <div className="jp-jext-banner" role="status">
      {props.trans.__(
        'Connection to the server lost; data %1 old; reconnecting.',
        formatDuration(seconds, props.trans)
      )}
    </div>
  );
}

/** One timer for every age, and none while nobody looks. */
function ClockTicker(props: {
  running: boolean;
  children: React.ReactNode;
}): React.JSX.Element {
  const [now, setNow] = React.useState(Date.now());
  React.useEffect(() => {
    if (!props.running) {
      return;
    }
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), TICK_MS);
    return () => window.clearInterval(timer);
  }, [props.running]);
  return <Clock.Provider value={now}>{props.children}</Clock.Provider>;
}
