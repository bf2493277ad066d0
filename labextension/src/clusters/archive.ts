import type { TranslationBundle } from '@jupyterlab/translation';

import type { ArchiveSource } from '../api';

/** Largest archive the server takes, in bytes. */
export const MAX_ARCHIVE_BYTES = 20 * 2 ** 20;

/** File names that the chooser offers; the server looks at the content, not at the name. */
export const ARCHIVE_TYPES =
  '.zip,.tar,.tgz,.tbz2,.txz,.tar.gz,.tar.bz2,.tar.xz,.gz,.bz2,.xz';

/** Why a file cannot be sent; an empty string if it can. Doesn't read the file. */
export function archiveProblem(file: File, trans: TranslationBundle): string {
  if (file.size === 0) {
    return trans.__('%1 is empty.', file.name);
  }
  if (file.size > MAX_ARCHIVE_BYTES) {
    return trans.__(
      '%1 has %2 MB; at most %3 MB can be sent. An archive of the *-site.xml files alone is much smaller.',
      file.name,
      Math.ceil(file.size / 2 ** 20),
      MAX_ARCHIVE_BYTES / 2 ** 20
    );
  }
  return '';
}

/** Read a file into what the server takes. */
export function readArchive(file: File): Promise<ArchiveSource> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = reader.result as string;
      const data = url.slice(url.indexOf(',') + 1);
      resolve({ kind: 'archive', filename: file.name, data });
    };
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
