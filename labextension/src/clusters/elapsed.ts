import React from 'react';

/** Whole seconds since `running` became true; 0 while it is false. */
export function useElapsed(running: boolean): number {
  const [seconds, setSeconds] = React.useState(0);
  React.useEffect(() => {
    setSeconds(0);
    if (!running) {
      return;
    }
    const start = Date.now();
    const timer = window.setInterval(
      () => setSeconds(Math.floor((Date.now() - start) / 1000)),
      1000
    );
    return () => window.clearInterval(timer);
  }, [running]);
  return seconds;
}
