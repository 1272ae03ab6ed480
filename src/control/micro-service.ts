/**
 * A responder of the NATS services framework (ADR-32): endpoints in a queue group, discoverable by
 * `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`.
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { nuid } from '@nats-io/nuid';
import { HairspringError, orLate, REPLY_HEADERS } from '../core/index.ts';
import { InProgress } from './in-progress.ts';
import type { MicroEndpoint, MicroReply, MicroServiceOptions } from './micro-endpoint.ts';
import { createDiscovery, EndpointStats } from './micro-stats.ts';

/** A service that answers. Disposing drains it: what was received is answered, then nothing more is. */
export interface MicroService extends AsyncDisposable {
  readonly id: string;
}

/** How long disposing waits for a server that does not answer. */
const DRAIN_TIMEOUT_MS = 2_000;

/**
 * Subscribes all endpoints; resolves when the server has taken the subscriptions.
 * @throws HS_NATS_REFUSED when the user may not subscribe to an endpoint
 */
export async function startMicroService(
  nc: NatsConnection,
  options: MicroServiceOptions,
): Promise<MicroService> {
  const id = nuid.next();
  const { name, version, clock } = options;
  const stats = new Map(options.endpoints.map((endpoint) => [endpoint, new EndpointStats()]));
  const discovery = createDiscovery({ name, id, version, metadata: {} }, options, stats);
  const subscriptions: Subscription[] = [];
  const inFlight = new Map(options.endpoints.map((endpoint) => [endpoint, new InProgress(endpoint.name)]));
  const denied: { readonly subject: string; readonly cause: Error }[] = [];

  async function serve(endpoint: MicroEndpoint, msg: Msg): Promise<void> {
    const startedMs = clock.monotonicMs();
    let failure: string | undefined;
    try {
      const answer = (await endpoint.handle(msg)) ?? [];
      for (const reply of Array.isArray(answer) ? answer : [answer]) send(nc, msg, reply);
    } catch (error) {
      failure = fail(endpoint, msg, error);
    }
    stats.get(endpoint)?.record(clock.monotonicMs() - startedMs, failure);
  }

  function accept(endpoint: MicroEndpoint, msg: Msg): void {
    const inProgress = inFlight.get(endpoint);
    if (inProgress === undefined) return;
    const owner = options.ownerOf(msg.subject);
    const refusal = inProgress.refusal(owner);
    if (refusal === undefined) inProgress.add(owner, serve(endpoint, msg));
    else stats.get(endpoint)?.record(0, fail(endpoint, msg, refusal));
  }

  function fail(endpoint: MicroEndpoint, msg: Msg, error: unknown): string {
    const reply = options.onError(error, endpoint);
    try {
      send(nc, msg, reply);
    } catch {
      // The connection closed under the handler; there is nobody left to tell.
    }
    const code = reply.headers?.get(REPLY_HEADERS.serviceErrorCode) ?? '500';
    return `${code}:${reply.headers?.get(REPLY_HEADERS.serviceError) ?? ''}`;
  }

  function discover(msg: Msg, describe: () => unknown): void {
    try {
      send(nc, msg, { data: JSON.stringify(describe()) });
    } catch {
      // What is thrown in a callback ends the connection's read loop, and nobody hears of it.
    }
  }

  /** What names a reply subject at which nobody is answered is dropped unread. */
  function isAnswered({ reply = '' }: Msg): boolean {
    if (!options.replySubjects.refuses(reply)) return true;
    options.onReplyRefused(reply);
    return false;
  }

  for (const endpoint of options.endpoints) {
    const subscription = nc.subscribe(endpoint.subject, {
      queue: options.queue,
      callback: (error, msg) => {
        if (error !== null) {
          denied.push({ subject: endpoint.subject, cause: error });
          return;
        }
        if (isAnswered(msg)) accept(endpoint, msg);
      },
    });
    subscriptions.push(subscription);
  }
  for (const verb of ['PING', 'INFO', 'STATS'] as const) {
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${id}`]) {
      const subscription = nc.subscribe(subject, {
        callback: (error, msg) => {
          if (error !== null) options.onDiscoveryDenied(subject);
          else if (isAnswered(msg)) discover(msg, discovery[verb]);
        },
      });
      subscriptions.push(subscription);
    }
  }

  let disposed: Promise<void> | undefined;
  async function dispose(): Promise<void> {
    await orLate(Promise.allSettled(subscriptions.map(drainSubscription)), clock, DRAIN_TIMEOUT_MS);
    await Promise.all([...inFlight.values()].map((inProgress) => inProgress.settled()));
    if (nc.isClosed()) return;
    await orLate(
      nc.flush().catch(() => undefined),
      clock,
      DRAIN_TIMEOUT_MS,
    );
  }
  const service: MicroService = {
    id,
    [Symbol.asyncDispose]: () => {
      disposed ??= dispose();
      return disposed;
    },
  };

  await nc.flush();
  const [first] = denied;
  if (first !== undefined) {
    await service[Symbol.asyncDispose]();
    throw new HairspringError('HS_NATS_REFUSED', `Cannot listen on "${first.subject}": permission denied`, {
      cause: first.cause,
    });
  }
  return service;
}

function send(nc: NatsConnection, msg: Msg, reply: MicroReply): void {
  const bytes = typeof reply.data === 'string' ? Buffer.byteLength(reply.data) : reply.data.byteLength;
  // There is nobody left to tell, and the server that comes next would cut the connection for one that it does not take.
  if (nc.info === undefined) return;
  const maxBytes = nc.info.max_payload;
  if (bytes > maxBytes) {
    throw new HairspringError(
      'HS_REPLY_TOO_LARGE',
      `Cannot reply: ${bytes} bytes exceeds the server's max_payload of ${maxBytes}`,
      { hint: 'Ask for less with a filter, or raise max_payload of the NATS server' },
    );
  }
  msg.respond(reply.data, reply.headers === undefined ? {} : { headers: reply.headers });
}

async function drainSubscription(subscription: Subscription): Promise<void> {
  if (!subscription.isClosed()) await subscription.drain();
}
