/** KV bindings called as a function's host calls arrive, against a real server. */
import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm, type KvOptions } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  HairspringError,
  type HostCaller,
  type HostCallResult,
  type KvBinding,
  type PreparedBinding,
} from '../../src/core/index.ts';
import { createHostServices } from '../../src/hostservices/index.ts';

export function kvBinding(bucket: string, grant: Partial<KvBinding> = {}): KvBinding {
  return { service: 'kv', bucket, access: 'read-write', keys: '>', existing: true, ...grant };
}

/** Creates a bucket as a deployment does. */
export function createBucket(
  nc: NatsConnection,
  bucket: string,
  options: Partial<KvOptions> = {},
): Promise<KV> {
  return new Kvm(nc).create(bucket, { history: 1, allow_direct: true, ...options });
}

const CALLER: HostCaller = {
  id: 1,
  deadlineMs: Number.POSITIVE_INFINITY,
  trace: undefined,
  invocation: { headers: undefined },
};

export interface KvHandle {
  readonly prepared: PreparedBinding;
  /** The call's value. */
  call(
    op: string,
    args?: readonly (string | number | null)[],
    payload?: string | Uint8Array,
  ): Promise<unknown>;
  result(
    op: string,
    args?: readonly (string | number | null)[],
    payload?: string | Uint8Array,
  ): Promise<HostCallResult>;
  /** The error that the call ends with. Fails the test when it ends well. */
  refused(
    op: string,
    args?: readonly (string | number | null)[],
    payload?: string | Uint8Array,
  ): Promise<Pick<HairspringError, 'code' | 'message' | 'hint'>>;
}

/** @param inboxPrefix of the connection, where it has one */
export function openBinding(
  nc: NatsConnection,
  binding: KvBinding,
  label = 'STORE',
  inboxPrefix?: string,
): KvHandle {
  const prepared = createHostServices(nc, { inboxPrefix }).kv.prepare(label, binding);
  const result: KvHandle['result'] = (op, args = [], payload = undefined) =>
    prepared.call({ op, args, payload }, CALLER);
  return {
    prepared,
    result,
    call: async (...call) => (await result(...call)).value,
    async refused(...call) {
      try {
        await result(...call);
      } catch (error) {
        assert.ok(HairspringError.is(error), String(error));
        return error;
      }
      return assert.fail(`${call[0]} was not refused`);
    },
  };
}

/** Consumers on the stream of a bucket. */
export async function countConsumers(nc: NatsConnection, bucket: string): Promise<number> {
  const manager = await jetstreamManager(nc);
  return (await manager.streams.info(`KV_${bucket}`)).state.consumer_count;
}

/** Waits until there are so many consumers on the stream of a bucket: they are taken away after an answer. */
export async function untilConsumers(nc: NatsConnection, bucket: string, count: number): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  for (let found = await countConsumers(nc, bucket); found !== count; ) {
    assert.ok(performance.now() < deadlineMs, `Bucket ${bucket} has ${found} consumers, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    found = await countConsumers(nc, bucket);
  }
}
