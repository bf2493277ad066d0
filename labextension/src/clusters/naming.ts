import type { TranslationBundle } from '@jupyterlab/translation';

/** Longest profile name. */
const MAX_LENGTH = 63;

/** The server's rule, kept here only to say so while the name is being typed. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/;

const ARCHIVE_SUFFIX = /(\.tar(\.(gz|bz2|xz))?|\.t[gbx]z2?|\.zip)$/i;

/** Directory and file names that every cluster has: they say nothing about which one it is. */
const GENERIC = new Set([
  'client',
  'conf',
  'config',
  'etc',
  'hadoop',
  'hadoop-conf'
]);

/**
 * Suggest a profile name.
 *
 * @param source - A file name, a path on the server or a URL.
 * @returns A valid name, or an empty string if the source suggests none.
 */
export function suggestName(source: string): string {
  const parts = source
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/[?#].*$/, '')
    .split(/[\\/]+/)
    .map(part => sanitise(part.replace(ARCHIVE_SUFFIX, '')))
    .filter(part => part !== '');
  return parts.reverse().find(part => !GENERIC.has(part)) ?? parts[0] ?? '';
}

/** What is wrong with a profile name; an empty string if nothing is. */
export function nameProblem(name: string, trans: TranslationBundle): string {
  if (name === '') {
    return trans.__('Give the cluster a name.');
  }
  if (name.length > MAX_LENGTH) {
    return trans.__('At most %1 characters.', MAX_LENGTH);
  }
  return NAME.test(name)
    ? ''
    : trans.__(
        'Lower-case letters, digits, dots, dashes and underscores; the first one a letter or digit.'
      );
}

function sanitise(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, MAX_LENGTH)
    .replace(/[^a-z0-9]+$/, '');
}
