import { createInbox, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { ReplyCheck } from './closed-loop.ts';
import { FIRST_WRONG_CHARS, type OpenSlotsOf } from './open-slots.ts';

export interface MessageSlotsOptions {
  readonly nc: NatsConnection;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Of every request. @default none */
  readonly headers?: MsgHdrs | undefined;
  readonly isExpected: ReplyCheck;
}

/** Places on one connection: a reply subject for each. */
export function messageSlots({
  nc,
  subject,
  payload,
  headers,
  isExpected,
}: MessageSlotsOptions): OpenSlotsOf {
  return async (count, onReply) => {
    const inbox = createInbox();
    const slotAt = inbox.length + 1;
    const replies = Array.from({ length: count }, (_, slot) => ({
      reply: `${inbox}.${slot}`,
      ...(headers === undefined ? {} : { headers }),
    }));
    const subscription = nc.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        const slot = Number(message.subject.slice(slotAt));
        const isGood = error === null && isExpected(message);
        onReply(slot, isGood ? undefined : (error?.message ?? message.string().slice(0, FIRST_WRONG_CHARS)));
      },
    });
    await nc.flush();
    return {
      send: (slot) => nc.publish(subject, payload, replies[slot]),
      async [Symbol.asyncDispose]() {
        subscription.unsubscribe();
      },
    };
  };
}
