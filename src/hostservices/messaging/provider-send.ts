import { errors, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import {
  type Clock,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type MessagingBinding,
  type PayloadLimit,
} from '../../core/index.ts';
import { checkSubject, listGranted, SENDING_OPERATIONS, type SendingOperation } from './grant.ts';
import { MESSAGING_LIMITS } from './limits.ts';
import type { MessagingBudgets } from './provider-budgets.ts';
import { type Attempt, toMessagingError } from './provider-errors.ts';
import type { FlowControl } from './provider-flow.ts';
import { outgoingHeaders } from './provider-headers.ts';
import type { ConnectionWatch } from './provider-watch.ts';

/** What all grants of a connection share. */
export interface Means {
  readonly nc: NatsConnection;
  readonly limit: PayloadLimit;
  readonly clock: Clock;
  readonly inboxPrefix: string | undefined;
  readonly flow: FlowControl;
  readonly watch: ConnectionWatch;
  readonly budgets: MessagingBudgets;
}

/** A message that may be sent. */
export interface Outgoing extends Attempt {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly data: Uint8Array;
}

/** @throws HS_SUBJECT_INVALID, HS_BINDING_DENIED, HS_HEADER_INVALID, HS_HOST_CALL_INVALID, HS_MESSAGE_TOO_LARGE */
export function prepareMessage(
  label: string,
  binding: MessagingBinding,
  { limit }: Means,
  op: SendingOperation,
  { args, payload }: HostCall,
  caller: HostCaller,
): Outgoing {
  const verb = SENDING_OPERATIONS[op];
  const subject = checkSubject(label, binding, verb, args[0]);
  const headers = outgoingHeaders(args[1], caller);
  const data = toBytes(payload);
  checkSize(limit, `${verb} ${data.length} bytes to "${subject}"`, data.length);
  const grant = `binding ${label} grants ${verb} of ${listGranted(binding[verb])}`;
  return { subject, headers, data, action: `${verb} to "${subject}"`, grant };
}

export function toBytes(payload: HostCall['payload'] = ''): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

/** @throws HS_MESSAGE_TOO_LARGE */
export function checkSize(limit: PayloadLimit, action: string, bytes: number): void {
  if (bytes <= limit.bytes) return;
  const detail = `the server's max_payload is ${limit.bytes}`;
  throw new HairspringError('HS_MESSAGE_TOO_LARGE', `Cannot ${action}: ${detail}`);
}

/** Resolves when the server has taken the message; whether anybody listens is not known. */
export async function publish(means: Means, message: Outgoing, caller: HostCaller): Promise<HostCallResult> {
  const { subject, headers, data } = message;
  const { nc, watch, flow } = means;
  const mark = watch.mark();
  let failure: Error | undefined;
  let stopListening: (() => void) | undefined;
  try {
    await admit(means, message, caller);
    checkConnected(means, mark);
    stopListening = watch.listen((error, refused) => {
      if (refused === undefined || refused === subject) failure ??= error;
    });
    nc.publish(subject, data, headers.keys().length === 0 ? {} : { headers });
    await flow.confirm();
    if (failure !== undefined) throw failure;
    return { value: null };
  } catch (error) {
    throw toMessagingError(failure ?? error, message);
  } finally {
    stopListening?.();
  }
}

/**
 * To be called right before a message is given to the library: what that has while it connects it drops, or sends
 * without a look at what the next server takes, which cuts the connection for one message too large.
 * @throws ClosedConnectionError
 */
export function checkConnected({ nc, watch }: Means, mark: number): void {
  if (nc.info === undefined || watch.lostSince(mark)) throw new errors.ClosedConnectionError();
}

/** @throws HS_MESSAGING_OVERLOADED, HS_MESSAGING_UNAVAILABLE */
export async function admit(
  { flow, clock }: Means,
  { data, action }: Pick<Outgoing, 'data' | 'action'>,
  { deadlineMs }: HostCaller,
): Promise<void> {
  await flow.admit(data.length);
  if (deadlineMs > clock.monotonicMs()) return;
  const detail = 'the invocation ended before the server could take it';
  throw new HairspringError('HS_MESSAGING_UNAVAILABLE', `Cannot ${action}: ${detail}`);
}

/** As long as was asked for, and never beyond the deadline of the invocation. */
export function waitMs(
  { clock }: Pick<Means, 'clock'>,
  { deadlineMs }: HostCaller,
  wantedMs: number | undefined,
): number {
  const leftMs = deadlineMs - clock.monotonicMs();
  return Math.max(1, Math.ceil(Math.min(wantedMs ?? MESSAGING_LIMITS.defaultTimeoutMs, leftMs)));
}

/** Why no answer came, where the connection was lost meanwhile: with it perhaps the answer. */
export function lostSince(
  { watch }: Means,
  mark: number,
): readonly ['HS_MESSAGING_DISCONNECTED', string] | undefined {
  if (!watch.lostSince(mark)) return undefined;
  return ['HS_MESSAGING_DISCONNECTED', 'the connection to NATS was lost while it waited'];
}
