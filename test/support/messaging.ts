/** Messaging bindings called as a function's host calls arrive, against a real server. */
import assert from 'node:assert/strict';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  type ErrorCode,
  HairspringError,
  type HostCaller,
  type HostCallResult,
  type MessagingBinding,
  type PreparedBinding,
  systemClock,
} from '../../src/core/index.ts';
import { createMessagingService, type MessagingOptions } from '../../src/hostservices/messaging/provider.ts';

export type Arguments = readonly (string | number | null)[];

export function messagingBinding(grant: Partial<MessagingBinding> = {}): MessagingBinding {
  return { service: 'messaging', publish: [], request: [], call: [], ...grant };
}

export function callerOf(options: Partial<HostCaller> = {}): HostCaller {
  return { id: 1, deadlineMs: performance.now() + 10_000, invocation: { headers: undefined }, ...options };
}

export interface MessagingHandle {
  readonly prepared: PreparedBinding;
  call(
    op: string,
    args: Arguments,
    payload?: string | Uint8Array,
    caller?: HostCaller,
  ): Promise<HostCallResult>;
  /** The error that the call ends with. Fails the test when it ends well. */
  refused(
    op: string,
    args: Arguments,
    payload?: string | Uint8Array,
    caller?: HostCaller,
  ): Promise<{ readonly code: ErrorCode; readonly message: string }>;
}

export function openMessaging(
  nc: NatsConnection,
  grant: Partial<MessagingBinding>,
  options: MessagingOptions = {},
): MessagingHandle {
  const service = createMessagingService(nc, systemClock, options);
  const prepared = service.prepare('BUS', messagingBinding(grant));
  const call: MessagingHandle['call'] = (op, args, payload = '', caller = callerOf()) =>
    prepared.call({ op, args, payload }, caller);
  return {
    prepared,
    call,
    async refused(...given) {
      const outcome = await call(...given).catch((error: unknown) => error);
      assert.ok(HairspringError.is(outcome), `${JSON.stringify(given.slice(0, 2))} was not refused`);
      return outcome;
    },
  };
}

/** Listens, and the server knows of it. */
export async function listenTo(
  nc: NatsConnection,
  subject: string,
  respond: (message: Msg) => void,
): Promise<Subscription> {
  const subscription = nc.subscribe(subject, { callback: (_error, message) => respond(message) });
  await nc.flush();
  return subscription;
}

export function textOfResult({ data }: HostCallResult): string {
  return Buffer.from(data ?? '').toString('utf8');
}
