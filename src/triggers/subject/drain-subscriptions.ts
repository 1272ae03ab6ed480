import { SubscriptionImpl } from '@nats-io/nats-core/internal';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

/**
 * Ends subscriptions of one connection; resolves when all that the server has sent to them is handed over. The
 * library's own `drain` asks the server once for each subscription, of which a cell may have a hundred thousand;
 * this asks once for all.
 */
export async function drainSubscriptions(
  nc: NatsConnection,
  subscriptions: readonly Subscription[],
): Promise<void> {
  const all = subscriptions.filter((one): one is SubscriptionImpl => one instanceof SubscriptionImpl);
  const open = all.filter((one) => !one.isClosed() && !one.isDraining());
  if (open.length > 0) begin(nc, open);
  await Promise.all(new Set(all.map(({ drained }) => drained)));
}

function begin(nc: NatsConnection, open: readonly SubscriptionImpl[]): void {
  for (const one of open) {
    one.draining = true;
    one.protocol.unsub(one);
  }
  const drained = nc
    .flush()
    // Without a connection nothing more comes.
    .catch(() => undefined)
    .then(() => {
      for (const one of open) one.protocol.subscriptions.cancel(one);
    });
  // The library finds it here when the whole connection is drained meanwhile, and asks no more.
  for (const one of open) one.drained = drained;
}
