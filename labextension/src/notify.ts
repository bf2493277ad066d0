import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Lab cuts a notification that is longer. */
const LONGEST = 140;

/** As many whole sentences as a notification can hold; else the first words. */
export function summarize(text: string): string {
  if (text.length <= LONGEST) {
    return text;
  }
  const room = text.slice(0, LONGEST - 1);
  const sentences = /^[^]*[.!?。！？](?=\s|[^ -~])/.exec(room)?.[0];
  return sentences ?? `${room.replace(/\s+\S*$/, '')}…`;
}

/** Notify of something that may be long: what does not fit is one click away. */
export function notify(
  text: string,
  type: Notification.TypeOptions,
  trans: TranslationBundle,
  options: Notification.IOptions<never> = {}
): string {
  const summary = summarize(text);
  const showAll: Notification.IAction = {
    label: trans.__('Show all'),
    callback: () => {
      void showDialog({
        title: trans.__('The whole message'),
        body: text,
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
    }
  };
  return Notification.emit(summary, type, {
    ...options,
    actions:
      summary === text ? options.actions : [...(options.actions ?? []), showAll]
  });
}
