import type { NatsConnection } from '@nats-io/transport-node';

/**
 * Resolves when the server has all that was subscribed and sent, after the next connection if there is none now.
 * @throws when the connection is closed for good
 */
export async function flushWhenBack(nc: NatsConnection): Promise<void> {
  for (;;) {
    try {
      await nc.flush();
      return;
    } catch (error) {
      // The library gives up a flush with each of its attempts to connect.
      if (nc.isClosed()) throw error;
    }
  }
}
