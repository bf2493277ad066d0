import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef, useState } from 'react';

import type { AppActivities, AppStatus } from '../api';
import { describeError } from '../request';
import type { IClusterClient } from './client';
import { formatMemory, isWaiting } from './format';
import { LogView } from './log';
import { Time } from './section';

/** One application unfolded: what a narrow table leaves out, what it says, its log. */
export function AppDetails(props: {
  app: AppStatus;
  finished: boolean;
  client: IClusterClient;
  isVisible: () => boolean;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { app, finished, client, isVisible, trans } = props;
  return (
    <div className="jp-jext-app-details">
      <p className="jp-jext-empty">
        {trans.__(
          'Queue %1 · %2, %3 vcores',
          app.queue,
          formatMemory(app.memory_mb),
          app.vcores
        )}
        {app.started_ms > 0 && (
          <>
            {' · '}
            {trans.__('Started')} <Time ms={app.started_ms} />
          </>
        )}
      </p>
      {!finished && <Activities client={client} app={app.id} trans={trans} />}
      {app.diagnostics && (
        <>
          <h3>{trans.__('Diagnostics')}</h3>
          <pre className="jp-jext-diagnostics">{app.diagnostics}</pre>
        </>
      )}
      {isWaiting(app) && app.containers === 0 ? (
        <p className="jp-jext-empty">
          {trans.__('No log yet: no container has been started for it.')}
        </p>
      ) : (
        <LogView
          client={client}
          app={app.id}
          finished={finished}
          isVisible={isVisible}
          trans={trans}
        />
      )}
    </div>
  );
}

/** What the scheduler says about an application, asked when the button is pressed. */
function Activities(props: {
  client: IClusterClient;
  app: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { client, app, trans } = props;
  const [answer, setAnswer] = useState<AppActivities | null>(null);
  const [error, setError] = useState('');
  const [asking, setAsking] = useState(false);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);

  const ask = async () => {
    setAsking(true);
    setError('');
    try {
      const activities = await client.activities(app);
      if (alive.current) {
        setAnswer(activities);
      }
    } catch (reason) {
      if (alive.current) {
        setError(describeError(reason));
      }
    }
    if (alive.current) {
      setAsking(false);
    }
  };
  return (
    <div className="jp-jext-activities">
      <button
        className="jp-mod-styled jp-jext-button"
        disabled={asking}
        aria-label={trans.__('What is %1 waiting for?', app)}
        onClick={() => void ask()}
      >
        {asking
          ? trans.__('Asking the scheduler…')
          : trans.__('What is it waiting for?')}
      </button>
      <div aria-live="polite">
        {error && <p className="jp-jext-note jp-mod-error">{error}</p>}
        {answer && (
          <>
            <p>
              {answer.waiting ||
                trans.__(
                  'The scheduler passes it over for no reason it names.'
                )}
            </p>
            {answer.details.length > 0 && (
              <ul>
                {answer.details.map((line, index) => (
                  <li key={index}>{line}</li>
                ))}
              </ul>
            )}
          </>
        )}
      </div>
    </div>
  );
}
