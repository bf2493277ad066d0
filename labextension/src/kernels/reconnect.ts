import type { Connection, IStatusModel } from '../status/tokens';
import type { Places } from './places';

/**
 * Reconnect what uses remote kernels as soon as the server is back. Lab tries less and less often,
 * and gives up for good after some minutes; these kernels are still there then.
 *
 * @param isOurs - Whether a kernelspec's kernels are remote ones.
 */
export function reconnectWithServer(
  status: IStatusModel,
  places: Places,
  isOurs: (spec: string) => boolean
): void {
  status.connectionChanged.connect((_, connection: Connection) => {
    if (connection !== 'open') {
      return;
    }
    for (const { context } of places.all) {
      const kernel = context.session?.kernel;
      const lost = kernel && kernel.connectionStatus !== 'connected';
      if (lost && isOurs(kernel.name)) {
        // If the server has not got it back yet, Lab goes on trying.
        kernel.reconnect().catch(() => undefined);
      }
    }
  });
}
