import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { AddProfile, Directory, Profile } from '../api';
import { describeError } from '../request';
import { archiveProblem, readArchive } from './archive';
import type { Color } from './colors';
import { ColorChoice } from './colors';
import { DirectoryChooser } from './directories';
import { DropZone } from './dropzone';
import { Field, FormFooter } from './field';
import { nameProblem, suggestName } from './naming';
import type { NewProfile } from './service';
import { Tabs } from './tabs';

type Kind = AddProfile['source']['kind'];

/** Properties of {@link AddForm}. */
export interface IAddProps {
  trans: TranslationBundle;
  add: (profile: NewProfile) => Promise<Profile>;
  list: (path: string) => Promise<Directory>;
  /** Called with the new profile; also when the dialog was closed meanwhile. */
  onAdded: (profile: Profile) => void;
  /** Called with what went wrong if nobody is there any more to see it in the form. */
  onLost: (message: string) => void;
  close: () => void;
}

/** The form that makes a profile of an archive, a directory or a URL. */
export function AddForm(props: IAddProps): JSX.Element {
  const { trans, add, list, onAdded, onLost, close } = props;
  const [kind, setKind] = React.useState<Kind>('archive');
  const [file, setFile] = React.useState<File | null>(null);
  const [path, setPath] = React.useState('');
  const [url, setUrl] = React.useState('');
  // null until somebody types one; until then the source suggests it.
  const [ownName, setOwnName] = React.useState<string | null>(null);
  const [title, setTitle] = React.useState('');
  const [color, setColor] = React.useState<Color>(null);
  const [production, setProduction] = React.useState(false);
  const [tried, setTried] = React.useState(false);
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState('');
  const mounted = React.useRef(true);
  React.useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);

  const origin = { archive: file?.name ?? '', directory: path, url }[kind];
  const name = ownName ?? suggestName(origin);
  const wrongName = nameProblem(name, trans);
  const wrongSource = sourceProblem(kind, file, path, url, trans);
  const fileProblem = file ? archiveProblem(file, trans) : '';

  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (busy || wrongName || wrongSource) {
      return;
    }
    setBusy(true);
    setError('');
    try {
      const profile = await add({
        name,
        source:
          kind === 'archive'
            ? await readArchive(file!)
            : kind === 'directory'
              ? { kind, path: path.trim() }
              : { kind, url: url.trim() },
        config: { title: title.trim() || null, color, production }
      });
      onAdded(profile);
      close();
    } catch (reason) {
      if (mounted.current) {
        setError(describeError(reason));
        setBusy(false);
      } else {
        onLost(describeError(reason));
      }
    }
  };

  return (
    <form
      className="jp-jext-form"
      noValidate
      onSubmit={event => void submit(event)}
    >
      <Tabs<Kind>
        id="jp-jext-add"
        label={trans.__('Where the configuration comes from')}
        tabs={[
          { key: 'archive', label: trans.__('Archive') },
          { key: 'directory', label: trans.__('Directory on the server') },
          { key: 'url', label: trans.__('URL') }
        ]}
        current={kind}
        disabled={busy}
        onSelect={setKind}
      />
      <div
        role="tabpanel"
        id="jp-jext-add-panel"
        aria-labelledby={`jp-jext-add-tab-${kind}`}
        className="jp-jext-source"
      >
        {kind === 'archive' && (
          <DropZone
            trans={trans}
            file={file}
            problem={fileProblem || (tried ? wrongSource : '')}
            disabled={busy}
            onFile={setFile}
          />
        )}
        {kind === 'directory' && (
          <DirectoryChooser
            trans={trans}
            path={path}
            problem={tried ? wrongSource : ''}
            disabled={busy}
            list={list}
            onChange={setPath}
          />
        )}
        {kind === 'url' && (
          <Field
            id="jp-jext-add-url"
            label={trans.__('URL of an archive')}
            problem={tried || url.length > 8 ? wrongSource : ''}
            help={trans.__('The server fetches it.')}
          >
            <input
              className="jp-mod-styled"
              type="url"
              value={url}
              spellCheck={false}
              disabled={busy}
              placeholder={trans.__('https://…')}
              onChange={event => setUrl(event.target.value)}
            />
          </Field>
        )}
      </div>
      <Field
        id="jp-jext-add-name"
        label={trans.__('Name')}
        problem={tried || name !== '' ? wrongName : ''}
        help={trans.__('What you type after %cluster use.')}
      >
        <input
          className="jp-mod-styled"
          value={name}
          required
          spellCheck={false}
          autoComplete="off"
          disabled={busy}
          onChange={event => setOwnName(event.target.value)}
        />
      </Field>
      <Field id="jp-jext-add-title" label={trans.__('Title')}>
        <input
          className="jp-mod-styled"
          value={title}
          maxLength={80}
          autoComplete="off"
          disabled={busy}
          placeholder={name}
          onChange={event => setTitle(event.target.value)}
        />
      </Field>
      <ColorChoice
        trans={trans}
        value={color}
        disabled={busy}
        onChange={setColor}
      />
      <label className="jp-jext-check">
        <input
          type="checkbox"
          checked={production}
          disabled={busy}
          onChange={event => setProduction(event.target.checked)}
        />
        {trans.__('Production cluster: ask twice before anything is killed')}
      </label>
      <FormFooter
        trans={trans}
        error={error}
        busy={busy}
        progress={trans.__('Sending and checking…')}
        submit={trans.__('Add')}
        close={close}
      />
    </form>
  );
}

/** Why the chosen source cannot be used; an empty string if it can be tried. */
function sourceProblem(
  kind: Kind,
  file: File | null,
  path: string,
  url: string,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'archive':
      return file
        ? archiveProblem(file, trans)
        : trans.__('Choose an archive first.');
    case 'directory':
      return path.trim() ? '' : trans.__('Choose a directory first.');
    case 'url':
      return /^https?:\/\/[^\s/]+/.test(url.trim())
        ? ''
        : trans.__('A URL that begins with http:// or https://.');
  }
}
