import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

type Reply = {
  content: object;
  iopub?: { type: string; content: object }[];
};

/** A kernel that answers execute requests from `answer`, in order. */
export class FakeKernel {
  constructor(
    readonly language: string,
    readonly answer: (
      request: KernelMessage.IExecuteRequestMsg['content']
    ) => Reply
  ) {}

  status: Kernel.Status = 'idle';
  isDisposed = false;
  readonly requests: KernelMessage.IExecuteRequestMsg['content'][] = [];
  readonly targets = new Map<
    string,
    (comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg) => void
  >();

  get info(): Promise<{ language_info: { name: string } }> {
    return Promise.resolve({ language_info: { name: this.language } });
  }

  registerCommTarget(
    name: string,
    callback: (comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg) => void
  ): void {
    this.targets.set(name, callback);
  }

  removeCommTarget(name: string): void {
    this.targets.delete(name);
  }

  requestExecute(
    content: KernelMessage.IExecuteRequestMsg['content']
  ): Partial<Kernel.IShellFuture> {
    this.requests.push(content);
    const reply = this.answer(content);
    const future = {
      onIOPub: (() => undefined) as (m: KernelMessage.IIOPubMessage) => void,
      done: Promise.resolve().then(() => {
        for (const { type, content } of reply.iopub ?? []) {
          future.onIOPub({
            header: { msg_type: type },
            content
          } as KernelMessage.IIOPubMessage);
        }
        return { content: reply.content };
      })
    };
    return future as unknown as Partial<Kernel.IShellFuture>;
  }

  /** The kernel opens a comm, as `%cluster use` makes it do. */
  announce(target: string, cluster: string | null): void {
    this.targets.get(target)?.(
      {} as Kernel.IComm,
      {
        content: { data: { cluster } }
      } as unknown as KernelMessage.ICommOpenMsg
    );
  }
}

/** A session with one kernel at a time. */
export class FakeSession {
  readonly kernelChanged = new Signal<this, { newValue: unknown }>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  session: { kernel: FakeKernel } | null = null;

  constructor(kernel: FakeKernel | null) {
    this.session = kernel && { kernel };
  }

  setStatus(status: Kernel.Status): void {
    if (this.session) {
      this.session.kernel.status = status;
    }
    this.statusChanged.emit(status);
  }

  setKernel(kernel: FakeKernel | null): void {
    this.session = kernel && { kernel };
    this.kernelChanged.emit({ newValue: kernel });
  }

  get context(): ISessionContext {
    return this as unknown as ISessionContext;
  }
}

/** The reply to the question which cluster a kernel works on. */
export function environment(cluster: string): Reply {
  return {
    content: {
      status: 'ok',
      user_expressions: {
        cluster: { status: 'ok', data: { 'text/plain': `'${cluster}'` } }
      }
    }
  };
}
