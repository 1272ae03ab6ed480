import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import {
  callDepth,
  type HostCaller,
  type HostCallResult,
  REQUEST_HEADERS,
  timeoutHeader,
} from '../../core/index.ts';
import { readMs, readWhole } from './arguments.ts';
import { readAck, setExpectations } from './provider-acks.ts';
import { toMessagingError } from './provider-errors.ts';
import { replyPairs } from './provider-headers.ts';
import { Replies } from './provider-replies.ts';
import { admit, checkConnected, lostSince, type Means, type Outgoing, waitMs } from './provider-send.ts';

/** By a request of our own: the library's would send it again where nobody answers. */
export async function publishAcked(
  means: Means,
  message: Outgoing,
  caller: HostCaller,
  [timeoutMs, ...expectations]: readonly unknown[],
): Promise<HostCallResult> {
  const { headers, action } = message;
  const wantedMs = readMs(action, 'timeoutMs', timeoutMs);
  setExpectations(headers, action, expectations);
  const mark = means.watch.mark();
  try {
    await admit(means, message, caller);
    checkConnected(means, mark);
    const { data } = await exchange(means, message, waitMs(means, caller, wantedMs));
    return { value: readAck(action, data) };
  } catch (error) {
    throw toMessagingError(error, message, {
      noResponders: ['HS_PUBLISH_NO_STREAM', 'no stream listens there, or the one that does has no leader'],
      timeout: lostSince(means, mark) ?? ['HS_PUBLISH_TIMEOUT', 'no stream acknowledged it in time'],
    });
  }
}

export async function request(
  means: Means,
  message: Outgoing,
  caller: HostCaller,
  [timeoutMs]: readonly unknown[],
): Promise<HostCallResult> {
  const { action } = message;
  const wantedMs = readMs(action, 'timeoutMs', timeoutMs);
  const mark = means.watch.mark();
  try {
    await admit(means, message, caller);
    const timeout = waitMs(means, caller, wantedMs);
    addressFunction(message.headers, caller, timeout);
    checkConnected(means, mark);
    const reply = await exchange(means, message, timeout);
    return { value: replyPairs(reply.headers), data: reply.data };
  } catch (error) {
    throw toMessagingError(error, message, {
      noResponders: ['HS_REQUEST_NO_RESPONDERS', 'nobody listens there'],
      timeout: lostSince(means, mark) ?? ['HS_REQUEST_TIMEOUT', 'no reply came in time'],
    });
  }
}

/** Sends a request and gathers its replies, which whoever asked for them has to release. */
export async function requestMany(
  means: Means,
  message: Outgoing,
  caller: HostCaller,
  [timeoutMs, maxMessages, stallMs]: readonly unknown[],
): Promise<Replies> {
  const { subject, headers, data, action, grant } = message;
  const wantedMs = readMs(action, 'timeoutMs', timeoutMs);
  const most = readWhole(action, 'maxMessages', maxMessages, 1) ?? Number.POSITIVE_INFINITY;
  const stall = readMs(action, 'stallMs', stallMs) ?? Number.POSITIVE_INFINITY;
  const mark = means.watch.mark();
  try {
    await admit(means, message, caller);
    const timeout = waitMs(means, caller, wantedMs);
    addressFunction(headers, caller, timeout);
    // Replies that it has missed would look as if nobody had sent them, too.
    checkConnected(means, mark);
    const rules = { maxMessages: most, stallMs: stall, timeoutMs: timeout };
    const replies = new Replies({ ...means, ...rules, subject, action, grant });
    try {
      means.nc.publish(subject, data, { headers, reply: replies.inbox });
    } catch (error) {
      replies.release();
      throw error;
    }
    return replies;
  } catch (error) {
    throw toMessagingError(error, message);
  }
}

/** A function that answers need not work on after that, and is as deep in a chain of calls as the one that asks. */
function addressFunction(headers: MsgHdrs, { invocation }: HostCaller, timeout: number): void {
  headers.set(...timeoutHeader(timeout, 0));
  const depth = callDepth(invocation?.headers);
  if (depth > 0) headers.set(REQUEST_HEADERS.callDepth, String(depth));
}

function exchange(
  { nc }: Means,
  { subject, data, headers }: Outgoing,
  timeout: number,
): ReturnType<NatsConnection['request']> {
  return nc.request(subject, data, headers.keys().length === 0 ? { timeout } : { timeout, headers });
}
