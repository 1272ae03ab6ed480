import type { Msg } from '@nats-io/nats-core';
import {
  FEED_HEADERS,
  feedSubjects,
  HairspringError,
  hairspringSubjects,
  LOG_LEVELS,
  SYSTEM_NAMESPACE,
} from '../core/index.ts';
import { assertToken, type ClientContext, gather, STALL_MS } from './client-request.ts';
import { fromErrorReply } from './error-reply.ts';
import { natsFailure } from './nats-failure.ts';
import { invocationEvent, parseReply } from './replies.ts';
import type { InvocationEvent, LogLine } from './types.ts';
import { subjectToken } from './wire.ts';

/** Any event of the feed: Nex's `WORKLOADSTARTED`, `NODESTARTED`, …, and our `INVOCATION`. */
export interface FeedEvent {
  /** Namespace or node id. */
  readonly from: string;
  readonly event: string;
  readonly body: unknown;
}

/** How long a node publishes events after being asked once, and how often the client asks again. */
const TAP_LEASE_MS = 10_000;
const TAP_RENEW_MS = 5_000;

/** Calls `onLine` for each line that functions log, of one function or of all; disposing ends it. */
export function logs(
  context: ClientContext,
  functionId: string | undefined,
  onLine: (line: LogLine) => void,
): Promise<AsyncDisposable> {
  if (functionId !== undefined) assertToken(functionId, 'function id');
  const subject = feedSubjects.logs(feedNamespace(context), functionId ?? '*', '*');
  return follow(context, subject, 'Cannot follow logs', (msg) => onLine(toLogLine(msg)));
}

/** Calls `onEvent` for each event; disposing ends it. */
export function events(
  context: ClientContext,
  onEvent: (event: FeedEvent) => void,
): Promise<AsyncDisposable> {
  const subject = feedSubjects.events(feedNamespace(context), '*');
  return follow(context, subject, 'Cannot follow events', (msg) => {
    const body = parseJson(msg);
    if (body === undefined) return;
    onEvent({ from: subjectToken(msg.subject, 2), event: subjectToken(msg.subject, 4), body });
  });
}

/**
 * Asks all nodes for invocation events and calls `onEvent` for each; renews the lease until disposed.
 * @throws HS_NO_NODE when no node listens
 */
export async function tap(
  context: ClientContext,
  onEvent: (event: InvocationEvent) => void,
): Promise<AsyncDisposable> {
  const { nc, clock, timeoutMs } = context;
  const action = 'Cannot tap invocations';
  const feed = feedSubjects.events(feedNamespace(context), 'INVOCATION');
  const following = await follow(context, feed, action, (msg) => {
    const event = parseEvent(msg);
    if (event !== undefined) onEvent(event);
  });
  const subject = hairspringSubjects.tap(context.namespace);
  const lease = { lease_ms: TAP_LEASE_MS };
  try {
    for await (const answer of gather(context, subject, lease, { action, timeoutMs, stallMs: STALL_MS })) {
      const failure = fromErrorReply(answer);
      if (failure !== undefined) throw failure;
    }
  } catch (error) {
    await following[Symbol.asyncDispose]();
    throw error;
  }
  const stopRenewing = clock.every(TAP_RENEW_MS, () => {
    if (!nc.isClosed() && !nc.isDraining()) nc.publish(subject, JSON.stringify(lease));
  });
  return {
    async [Symbol.asyncDispose]() {
      stopRenewing();
      await following[Symbol.asyncDispose]();
    },
  };
}

/** Subscribes and resolves when the server has taken the subscription. */
async function follow(
  context: ClientContext,
  subject: string,
  action: string,
  onMessage: (msg: Msg) => void,
): Promise<AsyncDisposable> {
  let denied: Error | undefined;
  const subscription = context.nc.subscribe(subject, {
    callback: (error, msg) => {
      if (error === null) onMessage(msg);
      else denied ??= error;
    },
  });
  try {
    await context.nc.flush();
  } catch (error) {
    throw natsFailure(error, action);
  }
  if (denied !== undefined) throw natsFailure(denied, action);
  return subscription;
}

/** `system` hears all namespaces. */
function feedNamespace({ namespace }: ClientContext): string {
  return namespace === SYSTEM_NAMESPACE ? '*' : namespace;
}

function toLogLine(msg: Msg): LogLine {
  const stream = subjectToken(msg.subject, 5) === 'stderr' ? 'stderr' : 'stdout';
  const named = levelOf(msg);
  return {
    namespace: subjectToken(msg.subject, 2),
    functionId: subjectToken(msg.subject, 4),
    stream,
    level: LOG_LEVELS.find((level) => level === named) ?? (stream === 'stderr' ? 'error' : 'info'),
    text: msg.string().replace(/\r?\n$/, ''),
  };
}

function levelOf(msg: Msg): string | undefined {
  try {
    return msg.headers?.get(FEED_HEADERS.level);
  } catch {
    // Anybody may publish on a feed; the client throws at headers that are none.
    return undefined;
  }
}

function parseEvent(msg: Msg): InvocationEvent | undefined {
  try {
    return parseReply(invocationEvent, msg, 'invocation event');
  } catch (error) {
    // Anybody may publish on a feed; what is not ours must not end the tap.
    if (HairspringError.is(error)) return undefined;
    throw error;
  }
}

function parseJson(msg: Msg): unknown {
  try {
    return msg.json();
  } catch {
    return undefined;
  }
}
