import { Notification } from '@jupyterlab/apputils';

import { RemoteKernels } from '../model';
import { tellNews } from '../news';
import { FakeStatus, trans, view } from './fakes';

function setUp() {
  const status = new FakeStatus();
  const showPanel = jest.fn();
  tellNews(new RemoteKernels(status.model), showPanel, trans);
  return { status, showPanel };
}

const told = () => Notification.manager.notifications;

describe('tellNews', () => {
  afterEach(() => Notification.dismiss());

  it('tells that a kernel was ended for idleness, once', () => {
    const { status, showPanel } = setUp();
    status.tell(view({ cull_at: 2000 }));
    const failure = {
      cause: 'It was ended because nobody used it for 4 h.',
      hint: '',
      diagnostics: '',
      memory_mb: null
    };
    status.tell(view({ state: 'failed', failure }));
    status.tell(view({ state: 'failed', failure }));
    expect(told().map(({ message }) => message)).toEqual([
      'Python on prod (YARN): It was ended because nobody used it for 4 h.'
    ]);
    told()[0].options.actions?.[0].callback(new MouseEvent('click'));
    expect(showPanel).toHaveBeenCalled();
  });

  it('tells of orphans when they are found, and of new ones alone', () => {
    const { status } = setUp();
    const first = view({ state: 'orphan' });
    const second = view({ kernel_id: 'k2', state: 'orphan' });
    status.tell(first, second);
    status.tell(first, second);
    expect(told().map(({ message }) => message)).toEqual([
      '2 remote kernels run that no server has.'
    ]);
    status.tell(first, second, view({ kernel_id: 'k3', state: 'orphan' }));
    expect(told()).toHaveLength(2);
  });

  it('says nothing of kernels that run, or that fail by themselves', () => {
    const { status } = setUp();
    status.tell(view());
    const failure = {
      cause: 'No.',
      hint: '',
      diagnostics: '',
      memory_mb: null
    };
    status.tell(view({ state: 'failed', failure }));
    expect(told()).toEqual([]);
  });
});
