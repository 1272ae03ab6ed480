import { NatsConnectionImpl, type ProtocolHandler } from '@nats-io/nats-core/internal';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Clock, orLate } from '../core/index.ts';
import { ReplyOutput } from '../triggers/index.ts';

/** Whoever needs the connection waits for it so long. */
const WAIT_MS = 5_000;

/**
 * Gives up the connection for one with the credentials of the moment, and loses neither a message nor a reply: the
 * server would cut it when its credentials expire, whatever is on its way. Meanwhile nothing comes: the host listens
 * (host/cells/stand-in.ts). Resolves when it is back, or could be. A connection that is down comes back by itself.
 */
export async function changeOver(nc: NatsConnection, clock: Clock): Promise<void> {
  if (!(nc instanceof NatsConnectionImpl) || !nc.protocol.connected) return;
  await orLate(
    reconnectEmpty(nc, nc.protocol).catch(() => undefined),
    clock,
    WAIT_MS,
  );
}

async function reconnectEmpty(nc: NatsConnection, protocol: ProtocolHandler): Promise<void> {
  const back = reconnected(nc);
  const { subscriptions } = protocol;
  // The library subscribes all of them again when it is back.
  for (const one of subscriptions.all()) if (one !== subscriptions.getMux()) protocol.unsub(one);
  // The server's answer comes behind all messages.
  await nc.flush();
  ReplyOutput.of(nc).hold();
  // And this one when it has all replies.
  await nc.flush();
  await nc.reconnect();
  await back;
  // And this one when it has all subscriptions.
  await nc.flush();
}

async function reconnected(nc: NatsConnection): Promise<void> {
  for await (const { type } of nc.status()) if (type === 'reconnect') return;
}
