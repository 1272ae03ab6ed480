/** What every host service has to have, service by service; conformance.test.ts tries each of them. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ServiceBinding } from '../../src/core/index.ts';
import { HTTP_OPERATIONS } from '../../src/hostservices/http/grant.ts';
import { KV_OPERATIONS } from '../../src/hostservices/kv/grant.ts';
import { MESSAGING_OPERATIONS } from '../../src/hostservices/messaging/grant.ts';
import { OBJECT_OPERATIONS } from '../../src/hostservices/objectstore/grant.ts';
import type { BINDING_SCHEMAS } from '../../src/hostservices/schemas.ts';
import type { GrantUse } from '../../src/hostservices/shared/grant-suggestion.ts';
import type { Call } from '../support/grant-matrix/matrix.ts';
import { createBucket } from '../support/kv.ts';
import { listenTo } from '../support/messaging.ts';
import { createStore, objectBinding, openObjects } from '../support/objects.ts';

export type ServiceName = ServiceBinding['service'];

/** Arguments and payload with which an operation works, or is at least understood. */
export interface SampleCall {
  readonly args: readonly (string | number)[];
  readonly payload?: string;
}

export interface Conformance {
  /** Keys of BINDING_SCHEMAS that make a binding of it. */
  readonly keys: readonly (keyof typeof BINDING_SCHEMAS)[];
  /** Bindings as a Nexfile has them, in which all keys occur that one may have. The first grants all operations. */
  readonly written: readonly [object, ...object[]];
  /** What its schema refuses, whoever asks. */
  readonly refused: readonly object[];
  /** As the first of `written`, and less. */
  readonly narrower: object;
  /** What was called, and the binding that covers no more, where the first of `written` was granted. */
  readonly suggestion: readonly [uses: readonly GrantUse[], binding: object];
  /** Operations by name. The bridge sends nothing else. */
  readonly operations: Readonly<Record<string, SampleCall>>;
  /** All that the service has in its table. */
  readonly table: readonly string[];
  /** Opens what an invocation can hold open, each with the operation that goes on with its handle. */
  readonly held: readonly { readonly goOn: string; readonly open: (call: Call) => Promise<unknown> }[];
  /** Of `guest.d.ts`. */
  readonly type: string;
  prepareServer?(nc: NatsConnection): Promise<void>;
  /** What is left on the server of what was held open. */
  leftovers?(nc: NatsConnection): Promise<number>;
}

const used = (op: string, name: string): GrantUse => ({ op, name, outcome: 'used' });

async function consumersOf(nc: NatsConnection, stream: string): Promise<number> {
  return (await (await jetstreamManager(nc)).streams.info(stream)).state.consumer_count;
}

/** A new service has to have an entry here. */
export const CONFORMANCE: Readonly<Record<ServiceName, Conformance>> = {
  kv: {
    keys: ['kv'],
    written: [
      { kv: 'bucket', access: 'read-write', existing: true },
      {
        kv: 'bucket',
        access: 'write',
        keys: 't.>',
        existing: false,
        history: 5,
        ttl: '24h',
        maxBytes: '1GiB',
        maxValueBytes: '64KiB',
        storage: 'memory',
        replicas: 3,
        perKeyTtl: true,
      },
    ],
    refused: [
      { kv: 'hairspring-functions' },
      { kv: 'a.b' },
      { kv: '*' },
      { kv: 'bucket', keys: 'a..b' },
      { kv: 'bucket', access: 'all' },
    ],
    narrower: { kv: 'bucket', access: 'read', existing: true },
    suggestion: [[used('get', 't.a'), used('get', 't.b')], { kv: 'bucket', keys: 't.*', existing: true }],
    operations: {
      get: { args: ['k'] },
      history: { args: ['k'] },
      keys: { args: [''] },
      watch: { args: ['', 0, '>'] },
      next: { args: [1] },
      close: { args: [1] },
      put: { args: ['k'], payload: 'v' },
      create: { args: ['k'], payload: 'v' },
      update: { args: ['k', 1], payload: 'v' },
      delete: { args: ['k'] },
      purge: { args: ['k'] },
    },
    table: Object.keys(KV_OPERATIONS),
    held: [{ goOn: 'next', open: async (call) => (await call('watch', ['', 0, '>'])).value }],
    type: 'KvBucket',
    prepareServer: async (nc) => void (await createBucket(nc, 'bucket', { history: 4 })),
    leftovers: (nc) => consumersOf(nc, 'KV_bucket'),
  },
  objectstore: {
    keys: ['objectstore'],
    written: [
      { objectstore: 'bucket', access: 'read-write', existing: true },
      {
        objectstore: 'bucket',
        access: 'write',
        existing: false,
        description: 'photos',
        maxBytes: '10GiB',
        ttl: '24h',
        storage: 'memory',
        replicas: 3,
      },
    ],
    refused: [
      { objectstore: 'hairspring-artifacts' },
      { objectstore: 'a.b' },
      { objectstore: '>' },
      { objectstore: 'bucket', access: 'all' },
    ],
    narrower: { objectstore: 'bucket', access: 'read', existing: true },
    suggestion: [[used('get', 'a'), used('list', '')], { objectstore: 'bucket', existing: true }],
    operations: {
      info: { args: ['o'] },
      get: { args: ['o'] },
      open: { args: ['o', 1, 0] },
      list: { args: [''] },
      watch: { args: [0] },
      put: { args: ['o', '{}'], payload: 'v' },
      create: { args: ['o', '{}'] },
      link: { args: ['l', 'o', 'bucket'] },
      delete: { args: ['o'] },
      write: { args: [1], payload: 'v' },
      finish: { args: [1] },
      next: { args: [1] },
      close: { args: [1] },
    },
    table: Object.keys(OBJECT_OPERATIONS),
    held: [
      { goOn: 'next', open: async (call) => (await call('watch', [1])).value },
      { goOn: 'write', open: async (call) => (await call('create', ['held', '{}'])).value },
      {
        goOn: 'next',
        async open(call) {
          const { value } = await call('get', ['kept']);
          return (await call('open', ['kept', (value as { readonly revision: number }).revision, 0])).value;
        },
      },
    ],
    type: 'ObjectBucket',
    async prepareServer(nc) {
      await createStore(nc, 'bucket');
      await openObjects(nc, objectBinding('bucket')).put('kept', 'content');
    },
    leftovers: (nc) => consumersOf(nc, 'OBJ_bucket'),
  },
  messaging: {
    keys: ['publish', 'request', 'call'],
    written: [
      { publish: ['out.>'], request: ['ask.>'], call: ['other'] },
      { publish: ['out.*'] },
      { request: ['ask.a'] },
      { call: ['one', 'two'] },
    ],
    refused: [
      { publish: ['$KV.>'] },
      { publish: ['>'] },
      { request: ['_INBOX.>'] },
      { request: [] },
      { call: ['a.b'] },
      { publish: ['a..b'] },
    ],
    narrower: { publish: ['out.a'], request: ['ask.>'], call: ['other'] },
    suggestion: [
      [used('publish', 'out.a'), used('request', 'ask.a')],
      { publish: ['out.a'], request: ['ask.a'] },
    ],
    operations: {
      publish: { args: ['out.a', '0'], payload: 'v' },
      publishAcked: { args: ['out.a', '0', 100, 'id', 0, 0], payload: 'v' },
      request: { args: ['ask.a', '0', 100], payload: 'v' },
      requestMany: { args: ['ask.a', '0', 100, 1, 100], payload: 'v' },
      call: { args: ['other', '0', 100, 'ask.a'], payload: 'v' },
      next: { args: [1] },
      close: { args: [1] },
    },
    table: Object.keys(MESSAGING_OPERATIONS),
    held: [
      { goOn: 'next', open: async (call) => (await call('requestMany', ['ask.silent', '0', 10_000])).value },
    ],
    type: 'Messaging',
    prepareServer: async (nc) => void (await listenTo(nc, 'ask.silent', () => undefined)),
  },
  http: {
    keys: ['http'],
    written: [
      { http: ['http://127.0.0.1:1/*'], private: true },
      { http: ['https://*.example.com/a/*'], methods: ['GET'], private: false },
    ],
    refused: [
      { http: [] },
      { http: ['ftp://example.com'] },
      { http: ['https://user:password@example.com'] },
      { http: ['https://*.example.com'], private: true },
    ],
    narrower: { http: ['http://127.0.0.1:1/*'], methods: ['GET'], private: true },
    suggestion: [
      [used('open', 'GET http://127.0.0.1:1/a')],
      { http: ['http://127.0.0.1:1/a'], methods: ['GET'], private: true },
    ],
    operations: {
      open: { args: [1, 'POST', 'http://127.0.0.1:1/', '[]', 'follow'], payload: 'v' },
      write: { args: [1], payload: 'v' },
      finish: { args: [1] },
      next: { args: [1] },
      rest: { args: [1] },
      close: { args: [1] },
    },
    table: HTTP_OPERATIONS,
    held: [],
    type: 'HttpClient',
  },
};
