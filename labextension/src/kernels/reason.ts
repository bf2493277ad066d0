import type { Kernel } from '@jupyterlab/services';

/**
 * Keep Lab from opening a dialog about a remote kernel that failed: the notebook shows why, with
 * what can be done about it, and a dialog would stand before that.
 *
 * @param isOurs - Whether a kernelspec's kernels are remote ones.
 */
export function tellReasonsOnce(
  kernels: Kernel.IManager,
  isOurs: (spec: string) => boolean
): void {
  const connectTo = kernels.connectTo.bind(kernels);
  kernels.connectTo = options => {
    const connection = connectTo(options);
    if (isOurs(connection.name)) {
      const type = Object.getPrototypeOf(connection) as object;
      const getter = Object.getOwnPropertyDescriptor(type, 'model')?.get;
      Object.defineProperty(connection, 'model', {
        get: () => ({
          ...(getter?.call(connection) as Kernel.IModel),
          reason: undefined
        })
      });
    }
    return connection;
  };
}
