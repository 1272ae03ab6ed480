/** Object-store bindings called as a function's host calls arrive, against a real server. */
import assert from 'node:assert/strict';
import { jetstream, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { type ObjectStore, type ObjectStoreOptions, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type ErrorCode,
  HairspringError,
  type HostCaller,
  type HostCallResult,
  type ObjectStoreBinding,
  type PreparedBinding,
} from '../../src/core/index.ts';
import { createHostServices } from '../../src/hostservices/index.ts';

export function objectBinding(bucket: string, grant: Partial<ObjectStoreBinding> = {}): ObjectStoreBinding {
  return {
    service: 'objectstore',
    bucket,
    access: 'read-write',
    existing: true,
    create: { storage: 'file', replicas: 1 },
    ...grant,
  };
}

/** The client library's own way to a bucket, which is created where it is missing. */
export function createStore(
  nc: NatsConnection,
  bucket: string,
  options: Partial<ObjectStoreOptions> = {},
): Promise<ObjectStore> {
  return new Objm(jetstream(nc)).create(bucket, options);
}

/** A bucket that is there, as a function with every right to it calls it. */
export async function openBucket(nc: NatsConnection, bucket: string): Promise<ObjectHandle> {
  await createStore(nc, bucket);
  return openObjects(nc, objectBinding(bucket));
}

/** The part of the info of an object that tests look at. */
export interface ToldInfo {
  readonly bucket: string;
  readonly name: string;
  readonly size: number;
  readonly chunks: number;
  readonly digest: string;
  readonly modified: number;
  readonly revision: number;
  readonly deleted: boolean;
  readonly description: string;
  readonly headers: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly link: { readonly bucket: string; readonly name?: string } | null;
}

type Args = readonly (string | number | null)[];

export interface ObjectHandle {
  readonly prepared: PreparedBinding;
  /** The call's value. */
  call(op: string, args?: Args, payload?: string | Uint8Array): Promise<unknown>;
  result(op: string, args?: Args, payload?: string | Uint8Array): Promise<HostCallResult>;
  /** The error that the call ends with. Fails the test when it ends well. */
  refused(
    op: string,
    args?: Args,
    payload?: string | Uint8Array,
  ): Promise<{ readonly code: ErrorCode; readonly message: string }>;
  info(op: 'info' | 'get', name: string): Promise<ToldInfo>;
  put(name: string, payload: string | Uint8Array, options?: object): Promise<ToldInfo>;
  open(op: 'open' | 'create' | 'watch', args: Args): Promise<number>;
  /** All that an object has, by handle. */
  read(name: string): Promise<Buffer>;
  /** The invocation that makes all calls ends. */
  end(): void;
}

export function openObjects(
  nc: NatsConnection,
  binding: ObjectStoreBinding,
  { label = 'STORE', callerId = 1, inboxPrefix = undefined as string | undefined } = {},
): ObjectHandle {
  const prepared = createHostServices(nc, { inboxPrefix }).objectstore.prepare(label, binding);
  return withCaller(prepared, callerId);
}

/** The same binding in the name of another invocation. */
export function withCaller(prepared: PreparedBinding, id: number): ObjectHandle {
  const caller: HostCaller = { id, deadlineMs: Number.POSITIVE_INFINITY };
  const result: ObjectHandle['result'] = (op, args = [], payload = undefined) =>
    prepared.call({ op, args, payload }, caller);
  const call: ObjectHandle['call'] = async (...request) => (await result(...request)).value;
  const open: ObjectHandle['open'] = async (op, args) => {
    const handle = await call(op, args);
    assert.ok(typeof handle === 'number', `${op} answered ${JSON.stringify(handle)}`);
    return handle;
  };
  const info: ObjectHandle['info'] = async (op, name) => toTold(await call(op, [name]));
  return {
    prepared,
    result,
    call,
    open,
    info,
    put: async (name, payload, options = {}) =>
      toTold(await call('put', [name, JSON.stringify(options)], payload)),
    async read(name) {
      const { name: found, revision } = await info('get', name);
      const handle = await open('open', [found, revision, 0]);
      const chunks: Uint8Array[] = [];
      for (;;) {
        const { value, data } = await result('next', [handle]);
        if (value === null) return Buffer.concat(chunks);
        chunks.push(data ?? new Uint8Array(0));
      }
    },
    async refused(...request) {
      try {
        await result(...request);
      } catch (error) {
        assert.ok(HairspringError.is(error), String(error));
        return error;
      }
      return assert.fail(`${request[0]} was not refused`);
    },
    end: () => prepared.ended?.(id),
  };
}

export function toTold(value: unknown): ToldInfo {
  assert.ok(typeof value === 'object' && value !== null, `this is no info: ${JSON.stringify(value)}`);
  return value as ToldInfo;
}

export async function streamInfo(nc: NatsConnection, bucket: string): Promise<StreamInfo> {
  return await (await jetstreamManager(nc)).streams.info(`OBJ_${bucket}`, { subjects_filter: '>' });
}

/** Consumers on the stream of a bucket. */
export async function countObjectConsumers(nc: NatsConnection, bucket: string): Promise<number> {
  return (await streamInfo(nc, bucket)).state.consumer_count;
}

/** Messages of content in a bucket, of all objects. */
export async function countChunks(nc: NatsConnection, bucket: string): Promise<number> {
  const { subjects = {} } = (await streamInfo(nc, bucket)).state;
  return Object.entries(subjects)
    .filter(([subject]) => subject.startsWith(`$O.${bucket}.C.`))
    .reduce((sum, [, count]) => sum + count, 0);
}
