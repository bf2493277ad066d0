import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatDuration } from '../status/format';

/** Whether anybody can see what is rendered; nothing ticks and nothing is asked otherwise. */
export const Seen = React.createContext(true);

/** The time in epoch seconds, looked at every so many milliseconds while it is seen. */
export function useNow(every_ms: number, running = true): number {
  const seen = React.useContext(Seen);
  const [now, setNow] = React.useState(() => Date.now() / 1000);
  React.useEffect(() => {
    if (!seen || !running) {
      return;
    }
    const look = () => setNow(Date.now() / 1000);
    look();
    const timer = window.setInterval(look, every_ms);
    return () => window.clearInterval(timer);
  }, [seen, running, every_ms]);
  return now;
}

/** How long ago something was, which goes on while it is looked at. */
export function Since(props: {
  /** Epoch seconds. */
  time: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const now = useNow(5000);
  return <>{formatDuration(now - props.time, props.trans)}</>;
}
