import { FakeKernel, FakeSession } from '../../kernel/__tests__/fakes';
import { COMM_TARGET, LoginRequests, whenSeen } from '../kernel';

const silent = () => ({ content: {} });

function ask(kernel: FakeKernel, data: object): void {
  kernel.targets.get(COMM_TARGET)?.(
    {} as never,
    { content: { data } } as never
  );
}

describe('LoginRequests', () => {
  it('hears what the kernel asks for', () => {
    const kernel = new FakeKernel('python', silent);
    const heard = jest.fn();
    new LoginRequests(new FakeSession(kernel).context, heard);
    ask(kernel, { action: 'login', cluster: 'prod', user: null });
    ask(kernel, { action: 'login', cluster: 'prod', user: 'bob' });
    ask(kernel, { action: 'logout', cluster: 'prod', user: null });
    ask(kernel, { action: 'logout', cluster: null, user: null });
    expect(heard.mock.calls).toEqual([
      [{ action: 'login', cluster: 'prod', user: '' }],
      [{ action: 'login', cluster: 'prod', user: 'bob' }],
      [{ action: 'logout', cluster: 'prod', user: '' }],
      [{ action: 'logout', cluster: null, user: '' }]
    ]);
  });

  it.each([
    {},
    { action: 'login' },
    { action: 'login', cluster: '' },
    { action: 'login', cluster: null },
    { action: 'login', cluster: ['prod'] },
    { action: 'open', cluster: 'prod' }
  ])('ignores %j', data => {
    const kernel = new FakeKernel('python', silent);
    const heard = jest.fn();
    new LoginRequests(new FakeSession(kernel).context, heard);
    ask(kernel, data);
    expect(heard).not.toHaveBeenCalled();
  });

  it('listens to the kernel of the moment', () => {
    const [first, second] = [0, 1].map(() => new FakeKernel('python', silent));
    const session = new FakeSession(first);
    const requests = new LoginRequests(session.context, jest.fn());
    session.setKernel(second);
    expect([first.targets.size, second.targets.size]).toEqual([0, 1]);
    requests.dispose();
    requests.dispose();
    expect(second.targets.size).toBe(0);
  });
});

describe('whenSeen', () => {
  it('waits, once, for a page that is hidden', () => {
    const hidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    const act = jest.fn();
    const show = () => document.dispatchEvent(new Event('visibilitychange'));
    whenSeen(act);
    show();
    expect(act).not.toHaveBeenCalled();
    hidden.mockReturnValue(false);
    show();
    show();
    expect(act).toHaveBeenCalledTimes(1);
    hidden.mockRestore();
    whenSeen(act);
    expect(act).toHaveBeenCalledTimes(2);
  });
});
