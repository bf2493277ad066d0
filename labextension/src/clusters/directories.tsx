import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Directory } from '../api';
import { describeError } from '../request';
import { Field } from './field';

/** Chooses a directory of the server: by walking, or by typing its path. */
export function DirectoryChooser(props: {
  trans: TranslationBundle;
  path: string;
  problem?: string;
  disabled?: boolean;
  list: (path: string) => Promise<Directory>;
  onChange: (path: string) => void;
}): JSX.Element {
  const { trans, path, problem, disabled, list, onChange } = props;
  const [shown, setShown] = React.useState<Directory | null>(null);
  const [error, setError] = React.useState('');
  // Only the answer to the last question counts.
  const asked = React.useRef(0);

  const open = React.useCallback(
    async (wanted: string, take: boolean) => {
      const question = ++asked.current;
      try {
        const directory = await list(wanted);
        if (question === asked.current) {
          setShown(directory);
          setError('');
          if (take) {
            onChange(directory.path);
          }
        }
      } catch (reason) {
        if (question === asked.current) {
          setError(describeError(reason));
        }
      }
    },
    [list, onChange]
  );

  React.useEffect(() => {
    void open(path, false);
    return () => {
      asked.current++;
    };
    // Once: afterwards every step is asked for.
  }, []);

  const typed = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      void open(path, true);
    }
  };

  return (
    <>
      <Field
        id="jp-jext-add-path"
        label={trans.__('Path')}
        problem={problem}
        help={trans.__('Press Enter to look into it.')}
      >
        <input
          className="jp-mod-styled"
          value={path}
          spellCheck={false}
          disabled={disabled}
          placeholder={trans.__('For example /etc/hadoop/conf')}
          onChange={event => onChange(event.target.value)}
          onKeyDown={typed}
        />
      </Field>
      {error && (
        <div role="alert" className="jp-jext-error">
          {error}
        </div>
      )}
      {shown && (
        <div className="jp-jext-directories">
          <nav aria-label={trans.__('Directories above')}>
            {breadcrumbs(shown.path).map(([label, target]) => (
              <button
                key={target}
                type="button"
                disabled={disabled}
                onClick={() => void open(target, true)}
              >
                {label}
              </button>
            ))}
          </nav>
          {shown.is_conf_dir && (
            <div role="status" className="jp-jext-conf-dir">
              {trans.__('✓ This directory holds a Hadoop configuration.')}
            </div>
          )}
          <ul aria-label={trans.__('Directories in %1', shown.path)}>
            {shown.parent !== null && (
              <li>
                <button
                  type="button"
                  disabled={disabled}
                  aria-label={trans.__('Up to %1', shown.parent)}
                  onClick={() => void open(shown.parent!, true)}
                >
                  ..
                </button>
              </li>
            )}
            {shown.directories.map(name => (
              <li key={name}>
                <button
                  type="button"
                  disabled={disabled}
                  onClick={() => void open(join(shown.path, name), true)}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          {shown.directories.length === 0 && (
            <div className="jp-jext-field-help">
              {trans.__('No directories in here.')}
            </div>
          )}
        </div>
      )}
    </>
  );
}

function join(parent: string, name: string): string {
  return parent.endsWith('/') ? parent + name : `${parent}/${name}`;
}

/** Label and path of each directory on the way to `path`, the root first. */
function breadcrumbs(path: string): [string, string][] {
  const parts = path.split('/').filter(part => part !== '');
  return [
    ['/', '/'],
    ...parts.map((part, index): [string, string] => [
      part,
      `/${parts.slice(0, index + 1).join('/')}`
    ])
  ];
}
