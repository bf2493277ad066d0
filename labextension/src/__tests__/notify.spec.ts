import { Dialog, Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import { notify, summarize } from '../notify';

const trans = nullTranslator.load('jupyter_ext');
const LONG =
  'dev cannot be asked: the ResourceManager at http://rm.example:8088 refuses connections. ' +
  'Is it running? Ask whoever looks after the cluster, or choose another one in the meantime.';

describe('summarize', () => {
  it('leaves a short text alone', () => {
    expect(summarize('No cluster. Add one.')).toBe('No cluster. Add one.');
  });

  it('gives the whole sentences that fit', () => {
    expect(summarize(LONG)).toBe(
      'dev cannot be asked: the ResourceManager at http://rm.example:8088 refuses connections. Is it running?'
    );
  });

  it('gives the first words of a long sentence', () => {
    const short = summarize('word '.repeat(60));
    expect(short.length).toBeLessThanOrEqual(140);
    expect(short).toMatch(/word…$/);
  });
});

describe('notify', () => {
  afterEach(() => {
    Notification.dismiss();
    Dialog.flush();
  });

  it('adds nothing to a short text', () => {
    notify('Done.', 'success', trans);
    const [told] = Notification.manager.notifications;
    expect(told?.message).toBe('Done.');
    expect(told?.options.actions).toBeUndefined();
  });

  it('shows all of a long text in a dialog', async () => {
    notify(LONG, 'error', trans);
    const [told] = Notification.manager.notifications;
    expect(told?.message.length).toBeLessThanOrEqual(140);
    told?.options.actions?.[0]?.callback(new MouseEvent('click'));
    await Promise.resolve();
    const dialog = Dialog.tracker.currentWidget;
    expect(dialog?.node.textContent).toContain(LONG);
    dialog?.reject();
  });
});
