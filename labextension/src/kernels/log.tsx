import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { KernelView, LogText } from '../api';
import { describeError } from '../request';
import { Seen } from './clock';

const FOLLOW_MS = 2000;
/** While it fails, for example because the agent is silent. */
const RETRY_MS = 10_000;
/** Lines that the panel shows; all of them can be downloaded. */
const LINES = 100;
/** Closer to the end than this many pixels counts as being at the end. */
const END_PX = 24;

/** Reads the last lines that a kernel printed. */
export type ReadLog = (id: string, lines: number) => Promise<LogText>;

/** The end of what a kernel printed, followed while it is seen. */
export function LogTail(props: {
  view: KernelView;
  read: ReadLog;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { view, read, trans } = props;
  const seen = React.useContext(Seen);
  const [log, setLog] = React.useState<LogText | null>(null);
  const [error, setError] = React.useState('');
  const id = view.kernel_id;

  // Once more after each change of state: the last words come with the end.
  React.useEffect(() => {
    if (!seen) {
      return;
    }
    let timer: number | undefined;
    let over = false;
    const look = async () => {
      let wait_ms = FOLLOW_MS;
      try {
        const answer = await read(id, LINES);
        if (!over) {
          setLog(answer);
          setError('');
        }
      } catch (reason) {
        wait_ms = RETRY_MS;
        if (!over) {
          setError(describeError(reason));
        }
      }
      if (!over && view.state !== 'failed') {
        timer = window.setTimeout(() => void look(), wait_ms);
      }
    };
    void look();
    return () => {
      over = true;
      window.clearTimeout(timer);
    };
  }, [seen, id, read, view.state]);

  return (
    <>
      {error && <p className="jp-jext-warning">{error}</p>}
      {log ? (
        <Text text={log.text} trans={trans} />
      ) : (
        !error && (
          <p className="jp-jext-kernel-quiet">{trans.__('Reading the log…')}</p>
        )
      )}
    </>
  );
}

/** The text, kept at its end unless the reader has scrolled up. */
function Text(props: {
  text: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { text, trans } = props;
  const node = React.useRef<HTMLPreElement>(null);
  const atEnd = React.useRef(true);
  React.useLayoutEffect(() => {
    if (node.current && atEnd.current) {
      node.current.scrollTop = node.current.scrollHeight;
    }
  }, [text]);
  return text ? (
    <pre
      ref={node}
      className="jp-jext-kernel-log"
      role="region"
      aria-label={trans.__('Log of the kernel')}
      tabIndex={0}
      onScroll={event => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        atEnd.current = scrollHeight - scrollTop - clientHeight < END_PX;
      }}
    >
      {text}
    </pre>
  ) : (
    <p className="jp-jext-kernel-quiet">
      {trans.__('The kernel has printed nothing.')}
    </p>
  );
}
