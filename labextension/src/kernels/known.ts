import type { Kernel } from '@jupyterlab/services';

/** Milliseconds between a connection, or an answer, and the next question. */
const EVERY_MS = 2000;

/**
 * Find out what remote kernels do after each new connection. Lab asks by a kernel_info_request, but
 * takes no state from what is told because of that (the server's untracked_message_types): after a
 * reconnection the state would stay unknown until the next cell runs.
 *
 * @param isOurs - Whether a kernelspec's kernels are remote ones.
 */
export function askUntilKnown(
  kernels: Kernel.IManager,
  isOurs: (spec: string) => boolean
): void {
  const connectTo = kernels.connectTo.bind(kernels);
  kernels.connectTo = options => {
    const connection = connectTo(options);
    if (isOurs(connection.name)) {
      follow(connection);
    }
    return connection;
  };
}

function follow(kernel: Kernel.IKernelConnection): void {
  let timer: number | undefined;
  const askLater = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      const { connectionStatus, isDisposed, status } = kernel;
      if (
        !isDisposed &&
        connectionStatus === 'connected' &&
        status === 'unknown'
      ) {
        // A busy kernel answers later; there is no use in asking it twice.
        kernel.requestIsComplete({ code: '' }).then(askLater, () => undefined);
      }
    }, EVERY_MS);
  };
  kernel.connectionStatusChanged.connect((_, status) => {
    if (status === 'connected') {
      askLater();
    }
  });
  kernel.disposed.connect(() => window.clearTimeout(timer));
}
