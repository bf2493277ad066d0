import type { TranslationBundle } from '@jupyterlab/translation';
import React, {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState
} from 'react';

import type { LogTail } from '../api';
import { describeError } from '../request';
import type { IClusterClient } from './client';
import { formatBytes } from './format';

const FOLLOW_MS = 2000;
/** While it fails, for example before the container has started. */
const RETRY_MS = 10_000;
const SIZES = [16_384, 65_536, 262_144, 1_048_576];
/** What every container writes; the first answer tells the rest. */
const USUAL_FILES = ['stderr', 'stdout', 'syslog'];
/** Closer to the end than this many pixels counts as being at the end. */
const END_PX = 24;

/** The end of an application's log, followed while the application runs. */
export function LogView(props: {
  client: IClusterClient;
  app: string;
  finished: boolean;
  /** Whether anybody can see the view; nothing is asked otherwise. */
  isVisible: () => boolean;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { client, app, finished, isVisible, trans } = props;
  const [file, setFile] = useState(USUAL_FILES[0]);
  const [size, setSize] = useState(SIZES[1]);
  const [follow, setFollow] = useState(true);
  const { tail, files, error, loading, load } = useTail(
    client,
    app,
    file,
    size
  );

  // Once more when it finishes: its last words came after the last look.
  useEffect(load, [load, finished]);

  useEffect(() => {
    if (!follow || finished || loading) {
      return;
    }
    const look = () => {
      if (!document.hidden && isVisible()) {
        load();
      }
    };
    const timer = window.setInterval(look, error ? RETRY_MS : FOLLOW_MS);
    return () => window.clearInterval(timer);
  }, [follow, finished, loading, error, load, isVisible]);

  return (
    <div className="jp-jext-log">
      <div className="jp-jext-log-bar">
        <label>
          {trans.__('Log')}
          <select
            aria-label={trans.__('Log file')}
            value={file}
            onChange={event => setFile(event.target.value)}
          >
            {(files.includes(file) ? files : [file, ...files]).map(name => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {trans.__('Last')}
          <select
            aria-label={trans.__('How much of the log')}
            value={size}
            onChange={event => setSize(Number(event.target.value))}
          >
            {SIZES.map(choice => (
              <option key={choice} value={choice}>
                {formatBytes(choice)}
              </option>
            ))}
          </select>
        </label>
        {!finished && (
          <label>
            <input
              type="checkbox"
              checked={follow}
              onChange={event => setFollow(event.target.checked)}
            />
            {trans.__('Follow')}
          </label>
        )}
        <button
          className="jp-mod-styled jp-jext-button"
          disabled={loading}
          onClick={load}
        >
          {trans.__('Refresh log')}
        </button>
      </div>
      {error && (
        <p className="jp-jext-note jp-mod-error" role="alert">
          {error}
        </p>
      )}
      {tail?.truncated && (
        <p className="jp-jext-note">
          {trans.__(
            'Only the last %1 are shown; the file begins earlier.',
            formatBytes(size)
          )}
        </p>
      )}
      {tail && <LogText tail={tail} trans={trans} />}
      {!tail && loading && (
        <p className="jp-jext-empty">{trans.__('Reading the log…')}</p>
      )}
    </div>
  );
}

/** The latest answer; what arrives after another file or size was chosen is dropped. */
function useTail(
  client: IClusterClient,
  app: string,
  file: string,
  size: number
) {
  const [tail, setTail] = useState<LogTail | null>(null);
  const [files, setFiles] = useState(USUAL_FILES);
  const [error, setError] = useState('');
  const [loading, setLoading] = useState(false);
  const latest = useRef(0);

  const load = useCallback(() => {
    const asked = ++latest.current;
    const settle = (set: () => void) => {
      if (asked === latest.current) {
        set();
        setLoading(false);
      }
    };
    setLoading(true);
    client.log(app, file, size).then(
      answer =>
        settle(() => {
          setTail(answer);
          setFiles(known => (answer.files.length > 0 ? answer.files : known));
          setError('');
        }),
      (reason: unknown) => settle(() => setError(describeError(reason)))
    );
  }, [client, app, file, size]);

  useEffect(() => {
    setTail(null);
    return () => {
      latest.current++;
    };
  }, [load]);

  return { tail, files, error, loading, load };
}

/** The text, kept at its end unless the reader has scrolled up. */
function LogText(props: {
  tail: LogTail;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { tail, trans } = props;
  const node = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (node.current && atEnd.current) {
      node.current.scrollTop = node.current.scrollHeight;
    }
  }, [tail.text]);
  return tail.text ? (
    <pre
      ref={node}
      className="jp-jext-log-text"
      role="region"
      aria-label={trans.__('%1 of %2', tail.file, tail.container || tail.app)}
      tabIndex={0}
      onScroll={event => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        atEnd.current = scrollHeight - scrollTop - clientHeight < END_PX;
      }}
    >
      {tail.text}
    </pre>
  ) : (
    <p className="jp-jext-empty">{trans.__('%1 is empty.', tail.file)}</p>
  );
}
