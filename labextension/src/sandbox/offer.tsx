import { Clipboard, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { useElapsed } from '../clusters/elapsed';
import { CommandIDs } from '../commands';
import { SandboxModel } from './model';

/** Properties of {@link SandboxOffer}. */
export interface ISandboxOfferProps {
  trans: TranslationBundle;
  /** Where the command that adds a cluster is; without it that way is not offered. */
  commands?: CommandRegistry;
}

/** What the panel shows when there is no cluster: the ways to get one. */
export function SandboxOffer(props: ISandboxOfferProps): JSX.Element | null {
  const [model, setModel] = React.useState<SandboxModel | null>(null);
  React.useEffect(() => {
    const own = new SandboxModel();
    setModel(own);
    void own.refresh();
    return () => own.dispose();
  }, []);
  return (
    model && (
      <UseSignal signal={model.changed}>
        {() => <SandboxOfferView {...props} model={model} />}
      </UseSignal>
    )
  );
}

/** {@link SandboxOffer}, given the sandbox. */
export function SandboxOfferView(
  props: ISandboxOfferProps & { model: SandboxModel }
): JSX.Element {
  const { trans, commands, model } = props;
  const { status, busy, error } = model;
  const seconds = useElapsed(busy);
  const failed = !busy && status?.state === 'failed';
  const running = !busy && status?.state === 'running';
  const problem = error || (failed ? status.message : '');
  const missing = (!busy && status?.missing) || [];

  return (
    <div className="jp-jext-offer">
      <h3>{trans.__('No clusters yet')}</h3>
      <p>
        {trans.__(
          'Add the Hadoop clusters you work with, or try everything out on a sandbox: two small, real clusters on this machine, one of them with Kerberos.'
        )}
      </p>
      {(problem || failed) && (
        <div role="alert" className="jp-jext-error">
          {problem || trans.__('The sandbox could not be started.')}
        </div>
      )}
      {missing.length > 0 && <MissingPackages trans={trans} names={missing} />}
      <div role="status" className="jp-jext-progress">
        {busy &&
          trans.__(
            '%1 (%2 s)',
            status?.message || trans.__('Starting the sandbox…'),
            seconds
          )}
        {running &&
          trans.__(
            'The sandbox is running; its clusters appear here in a moment.'
          )}
      </div>
      {!running && (
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          // Not disabled: that would take the focus away from whoever uses the keyboard.
          aria-disabled={busy}
          onClick={() => void (busy || model.start())}
        >
          {failed ? trans.__('Try again') : trans.__('Start the sandbox')}
        </button>
      )}
      {commands && (
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => void commands.execute(CommandIDs.add)}
        >
          {trans.__('Add a cluster…')}
        </button>
      )}
    </div>
  );
}

function MissingPackages(props: {
  trans: TranslationBundle;
  names: ReadonlyArray<string>;
}): JSX.Element {
  const { trans, names } = props;
  const command = `apt-get install ${names.join(' ')}`;
  const [copied, setCopied] = React.useState(false);
  return (
    <div className="jp-jext-missing">
      <p>
        {trans.__(
          'Some packages are missing on the server. Whoever administers it installs them with:'
        )}
      </p>
      <code>{command}</code>
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => {
          Clipboard.copyToSystem(command);
          setCopied(true);
        }}
      >
        {copied ? trans.__('Copied') : trans.__('Copy')}
      </button>
    </div>
  );
}
