import type { TranslationBundle } from '@jupyterlab/translation';

import type { Connection } from './tokens';

/** Something the user has to do before anything else can work. */
export interface INotice {
  title: string;
  text: string;
}

/** What to tell about a server that this front end can't work with; null for any other. */
export function connectionNotice(
  connection: Connection,
  trans: TranslationBundle
): INotice | null {
  switch (connection) {
    case 'missing':
      return {
        title: trans.__('The server extension is not running.'),
        text: trans.__(
          'The Jupyter server does not know jupyter-ext. Install it in the environment of the server (pip install jupyter-ext), see that "jupyter server extension list" shows jupyter_ext as enabled, restart the server and reload this page.'
        )
      };
    case 'outdated':
      return {
        title: trans.__('Server and page do not fit together.'),
        text: trans.__(
          'The server runs another version of jupyter-ext than this page. Restart the Jupyter server and reload this page; if that does not help, install the same version of jupyter-ext for both (pip install --upgrade jupyter-ext).'
        )
      };
    default:
      return null;
  }
}
