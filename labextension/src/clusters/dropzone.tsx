import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { ARCHIVE_TYPES } from './archive';

/** Takes one file: dropped, or chosen. */
export function DropZone(props: {
  trans: TranslationBundle;
  file: File | null;
  problem?: string;
  disabled?: boolean;
  onFile: (file: File) => void;
}): JSX.Element {
  const { trans, file, problem, disabled, onFile } = props;
  const [over, setOver] = React.useState(false);
  const take = (files: FileList | null) => {
    if (!disabled && files?.length) {
      onFile(files[0]);
    }
  };
  const onDrag = (event: React.DragEvent) => {
    // Otherwise the browser would leave this page for the file.
    event.preventDefault();
    setOver(event.type === 'dragover');
    if (event.type === 'drop') {
      take(event.dataTransfer.files);
    }
  };
  return (
    <div
      className={`jp-jext-drop ${over ? 'jp-mod-over' : ''}`}
      onDragOver={onDrag}
      onDragLeave={onDrag}
      onDrop={onDrag}
    >
      <label htmlFor="jp-jext-add-file">
        {trans.__(
          'Drop a zip or tar archive of the Hadoop client configuration here, or choose one'
        )}
      </label>
      {/* The browser's own control speaks the browser's language and has its look. */}
      <input
        id="jp-jext-add-file"
        className="jp-jext-unseen"
        type="file"
        accept={ARCHIVE_TYPES}
        disabled={disabled}
        aria-invalid={problem ? true : undefined}
        aria-describedby="jp-jext-add-file-note"
        onChange={event => take(event.target.files)}
      />
      <label
        htmlFor="jp-jext-add-file"
        className="jp-jext-choose"
        aria-hidden="true"
      >
        {trans.__('Choose a file…')}
      </label>
      <div id="jp-jext-add-file-note">
        {problem ? (
          <span role="alert" className="jp-jext-field-problem">
            {problem}
          </span>
        ) : (
          file && <span className="jp-jext-file">{file.name}</span>
        )}
      </div>
    </div>
  );
}
