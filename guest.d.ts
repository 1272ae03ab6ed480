/**
 * Types of what a function sees. Types only: nothing here exists as a module at run time.
 *
 * @example
 * ```ts
 * import type { Handler } from 'hairspring/guest';
 *
 * export default {
 *   message(msg) {
 *     return `Hello, ${msg.params.name}!`;
 *   },
 * } satisfies Handler;
 * ```
 */

/** A value that JSON can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** What can be sent or stored: text as UTF-8, bytes as they are, anything else as JSON. */
export type Body = string | Uint8Array | ArrayBuffer | JsonValue | JsonObject;

/**
 * An object or a list whose type an interface gives, which TypeScript does not take for a {@link JsonValue}. It is not a
 * promise that somebody has forgotten to await, and no function.
 */
export type JsonObject = object & { readonly then?: never; readonly bind?: never };

/**
 * The default export of a function.
 * @template Env what `env` holds: a {@link KvBucket} per KV binding, an {@link ObjectBucket} per object store,
 * {@link Messaging} per messaging binding, a {@link HttpClient} per http binding and a string per `environment` entry
 * and per secret
 */
export interface Handler<Env = Readonly<Record<string, unknown>>> {
  /**
   * Called once for each message that a subject trigger catches, and by `hairspring invoke`. Needed where there is such
   * a trigger, or none at all.
   * @returns the reply: nothing (an empty one), text, bytes, a JSON value, or a {@link Reply} with headers
   * @throws anything; the caller hears of it as HS_FUNCTION_THREW
   */
  message?(msg: Message, env: Env, ctx: Context): MessageResult | Promise<MessageResult>;
  /**
   * Called once for each HTTP request that an http trigger takes, and needed where there is one.
   * @returns the response, whose body is sent as a whole: at most 8 MiB
   * @throws anything; the client gets a problem with status 500 and the log what was thrown
   */
  fetch?(request: HttpRequest, env: Env, ctx: RequestContext): HttpResponse | Promise<HttpResponse>;
}

/**
 * The `Request` of the project's own types (lib "DOM" or "WebWorker"), where it has them. Its headers cannot be changed,
 * its URL begins with `http:` whatever stands before the node, and its signal is that of the context.
 */
export type HttpRequest = typeof globalThis extends { Request: { prototype: infer Own } }
  ? Own
  : PlainRequest;

/** The `Response` of the project's own types, where it has them. */
export type HttpResponse = typeof globalThis extends { Response: { prototype: infer Own } } ? Own : object;

/** A request for projects whose types have none; at run time it is the platform's. */
export interface PlainRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Iterable<[name: string, value: string]> & {
    get(name: string): string | null;
    has(name: string): boolean;
  };
  text(): Promise<string>;
  json(): Promise<unknown>;
  bytes(): Promise<Uint8Array>;
}

/** What `message` may return. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is typed as returning void
export type MessageResult = void | undefined | Body | Reply;

/** A message as it came from NATS. */
export interface Message {
  /** The subject it was sent to, in full. */
  readonly subject: string;
  /** What the trigger's wildcards caught: by name (`greet.{name}`), unnamed ones by order (`"0"`, `"1"`, …). */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: MessageHeaders;
  /** The payload. */
  readonly data: Uint8Array;
  /** Whether the sender waits for a reply. */
  readonly reply: boolean;
  /** The payload as UTF-8 text. */
  text(): string;
  /**
   * The payload parsed as JSON.
   * @throws SyntaxError when it is not JSON, also when it is empty
   */
  json<Value = unknown>(): Value;
}

/** Headers of a message. A name may have several values; lookups ignore case. */
export interface MessageHeaders extends Iterable<[name: string, value: string]> {
  /** The first value, or null. */
  get(name: string): string | null;
  /** All values, in the order sent. */
  getAll(name: string): string[];
  has(name: string): boolean;
  keys(): IterableIterator<string>;
  entries(): IterableIterator<[name: string, value: string]>;
}

/** What is known about one invocation. */
export interface Context {
  readonly invocationId: string;
  readonly functionName: string;
  readonly namespace: string;
  /** When the invocation is cut off: milliseconds since the epoch, from `limits.timeout` or what its caller waits for. */
  readonly deadline: number;
  /** Its place in a trace, to forward by hand; undefined when it belongs to none. */
  readonly trace: TraceContext | undefined;
  /** Writes to the function's log (`hairspring logs`); the same as `console`. */
  readonly log: Log;
  /**
   * Aborted when the deadline passes, the invocation is cancelled, or its node is about to stop; `reason.code` says which.
   */
  readonly signal: InvocationSignal;
  /** Keeps the invocation going after its reply until `promise` settles, at most for 30 s. */
  waitUntil(promise: Promise<unknown>): void;
  /**
   * Calls another function of the namespace, which a messaging binding must grant (`call: [name]`), and resolves with
   * its reply: in the same cell without NATS where the function is there, else on whichever node has it. It waits
   * `timeoutMs`, 5 seconds by default, and never beyond the invocation's deadline; the callee's own deadline is no later.
   * Rejects with a {@link HostError} that has the callee's code when it fails (HS_FUNCTION_THREW, HS_FUNCTION_TIMEOUT,
   * HS_FUNCTION_OVERLOADED, …); HS_BINDING_DENIED beyond the grant, HS_FUNCTION_NOT_FOUND, HS_REQUEST_TIMEOUT,
   * HS_CALL_DEPTH when functions call each other in a circle.
   * @param subject what the callee finds in `msg.subject`; needed where all its triggers have wildcards
   */
  call(
    functionName: string,
    data?: Body,
    options?: { readonly headers?: SentHeaders; readonly timeoutMs?: number; readonly subject?: string },
  ): Promise<MessageReply>;
}

/** What is known about the invocation of an HTTP request. Its `signal` is also aborted when the client goes away. */
export interface RequestContext extends Context {
  /** What the route caught, decoded: by name (`/albums/:album`), an unnamed `*` by its order (`"0"`). */
  readonly params: Readonly<Record<string, string>>;
}

/** The `AbortSignal` of the project's own types (lib "DOM" or "WebWorker"), where it has them. */
export type InvocationSignal = typeof globalThis extends { AbortSignal: { prototype: infer Own } }
  ? Own
  : PlainSignal;

/** The part of an `AbortSignal` that needs no other types; at run time it is a whole one. */
export interface PlainSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  throwIfAborted(): void;
}

/** A place in a trace, as headers carry it: https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  readonly traceparent: string;
  /** Empty when there is none. */
  readonly tracestate: string;
}

/** One log line per call; values are put together with spaces, objects as JSON. */
export interface Log {
  debug(...values: readonly unknown[]): void;
  log(...values: readonly unknown[]): void;
  info(...values: readonly unknown[]): void;
  warn(...values: readonly unknown[]): void;
  error(...values: readonly unknown[]): void;
}

/**
 * A KV binding. Every call is checked against its grant (bucket, access, keys) and rejects with a
 * {@link HostError}: HS_BINDING_DENIED beyond the grant, HS_KV_KEY_INVALID, HS_KV_BUCKET_MISSING,
 * HS_KV_CONNECTION_LOST, HS_KV_UNAVAILABLE; what stores also with HS_KV_VALUE_TOO_LARGE, HS_KV_BUCKET_FULL.
 */
export interface KvBucket {
  /** The entry, or null when there is none or it was deleted; with `revision` what the key was at that one. */
  get(key: string, options?: { readonly revision?: number }): Promise<KvEntry | null>;
  /** Stores a value whatever is there. Resolves with the new revision. */
  put(key: string, value: Body, options?: KvStoreOptions): Promise<number>;
  /**
   * Stores a value where there is none; otherwise rejects with HS_KV_REVISION_CONFLICT. With `access: write` also
   * where there was one before: it takes reading to see that it was deleted.
   */
  create(key: string, value: Body, options?: KvStoreOptions): Promise<number>;
  /** Stores a value if the key is still at `revision`; otherwise rejects with HS_KV_REVISION_CONFLICT. */
  update(key: string, value: Body, revision: number, options?: KvStoreOptions): Promise<number>;
  /** Deletes the key, and keeps its history; with `revision` only if it is still at that one. */
  delete(key: string, options?: { readonly revision?: number }): Promise<void>;
  /** Deletes the key and its history; with `revision` only if it is still at that one. */
  purge(key: string, options?: { readonly revision?: number }): Promise<void>;
  /**
   * The keys that begin with `prefix`, all by default; at most 10,000, of at most 100,000 that are looked through,
   * deleted ones included; otherwise HS_HOST_CALL_LIMIT.
   */
  keys(prefix?: string): Promise<string[]>;
  /**
   * What the bucket keeps of a key, oldest first, deletions included: at most 64 entries and 8 MiB, otherwise
   * HS_HOST_CALL_LIMIT.
   */
  history(key: string): Promise<KvEntry[]>;
  /**
   * The changes of the keys that match `filter` (all of the grant by default), first the last value of each. It is
   * read at the pace of the loop: what has not been read waits in the bucket, which keeps as many values per key
   * as its history says, so a slow reader may see the newest only. Ends with the invocation. With one binding
   * at most 16 in an invocation and 128 in a function, otherwise HS_HOST_CALL_LIMIT.
   */
  watch(filter?: string, options?: KvWatchOptions): AsyncIterableIterator<KvWatchEntry>;
}

/** How a value is stored. */
export interface KvStoreOptions {
  /**
   * How long the value lives, in milliseconds, at least 1000, rounded up to seconds. Rejects with HS_KV_UNSUPPORTED
   * where nats-server is older than 2.11.4 or the bucket has no `perKeyTtl`.
   */
  readonly ttlMs?: number;
}

export interface KvWatchOptions {
  /** What comes first: all that the bucket keeps of each key, or nothing. @default the last value of each key */
  readonly include?: 'history' | 'updates';
  /** Leaves out entries whose `operation` is not PUT. */
  readonly ignoreDeletes?: boolean;
}

/** A value in a bucket with its revision. */
export interface KvEntry {
  readonly key: string;
  /** Empty when it was deleted. */
  readonly value: Uint8Array;
  readonly revision: number;
  readonly created: Date;
  /** DEL: it was deleted; PURGE: it was deleted with its history, or has expired. `get` gives PUT only. */
  readonly operation: 'PUT' | 'DEL' | 'PURGE';
  /** The value as UTF-8 text. */
  text(): string;
  /**
   * The value parsed as JSON.
   * @throws SyntaxError when it is not JSON
   */
  json<Value = unknown>(): Value;
}

/** A change that a watch has seen. */
export interface KvWatchEntry extends KvEntry {
  /** Whether the watch had caught up with the bucket before it came. */
  readonly isUpdate: boolean;
}

/**
 * An object-store binding: one bucket of JetStream's object store. Every call is checked against its grant and rejects
 * with a {@link HostError}: HS_BINDING_DENIED beyond the grant, HS_OBJECT_NAME_INVALID, HS_OBJECT_BUCKET_MISSING,
 * HS_OBJECT_CONNECTION_LOST, HS_OBJECT_UNAVAILABLE. Transfers and watches end with their invocation; with one binding at most 16 are open in an
 * invocation and 64 in a function, otherwise HS_HOST_CALL_LIMIT.
 */
export interface ObjectBucket {
  /**
   * The object, or null when there is none or it was deleted. A link is followed to an object of the same bucket;
   * one that leads elsewhere is HS_OBJECT_LINK_DENIED. Nothing of the content is read before it is asked for.
   */
  get(name: string): Promise<StoredObject | null>;
  /** What is said of an object or a link, which is not followed; null when there is none or it was deleted. */
  info(name: string): Promise<ObjectInfo | null>;
  /**
   * Puts an object, in the place of what has the name. A stream, or anything else that is iterated asynchronously,
   * is read as fast as the server takes it; its pieces are bytes. What was there stays whole until the last byte has
   * arrived; a put that fails leaves nothing. Rejects with HS_OBJECT_BUCKET_FULL, HS_OBJECT_BUCKET_UNUSABLE.
   */
  put(
    name: string,
    value: Body | AsyncIterable<Uint8Array | ArrayBuffer>,
    options?: PutOptions,
  ): Promise<ObjectInfo>;
  /** Deletes an object or a link; nothing happens when there is none. */
  delete(name: string): Promise<void>;
  /** The objects and links whose names begin with `prefix`, all by default, in the order of their names; at most 5,000. */
  list(prefix?: string): Promise<ObjectInfo[]>;
  /**
   * Makes a name for an object of the same bucket; it may replace a link, and no object. Anything else is
   * HS_OBJECT_LINK_DENIED, and HS_OBJECT_MISSING where there is no such object.
   */
  link(name: string, target: string | ObjectInfo): Promise<ObjectInfo>;
  /**
   * What is put, linked and deleted from now on, or with `existing` what is there and then that. Deletions have
   * `deleted: true`.
   */
  watch(options?: { readonly existing?: boolean }): AsyncIterableIterator<ObjectInfo>;
}

/** What is said of an object when it is put; 32 Ki characters as JSON. */
export interface PutOptions {
  readonly description?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a bucket knows about an object. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  /** In how many pieces the bucket has it. */
  readonly chunks: number;
  /** `SHA-256=` and the hash of its content in URL-safe Base64. */
  readonly digest: string;
  readonly modified: Date;
  /** Changes with whatever is done to the object. */
  readonly revision: number;
  /** Only ever true in what `watch` tells. */
  readonly deleted: boolean;
  readonly description: string;
  readonly headers: MessageHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where a link leads, null for an object; without a name it leads to a whole bucket. */
  readonly link: { readonly bucket: string; readonly name?: string } | null;
}

/**
 * An object that was got. Its content is what it was then, or reading it rejects: with HS_OBJECT_CUT when it was
 * replaced or deleted, or the server was away; with HS_OBJECT_CORRUPT when its end shows that the digest is another.
 */
export interface StoredObject {
  readonly info: ObjectInfo;
  /** The content as a stream, a few chunks of which are in memory at once. */
  readonly body: ByteStream;
  /** All of it: at most 16 MiB, otherwise HS_OBJECT_TOO_LARGE. */
  bytes(): Promise<Uint8Array>;
  /** The same as UTF-8 text. */
  text(): Promise<string>;
  /**
   * The same parsed as JSON.
   * @throws SyntaxError when it is not JSON
   */
  json<Value = unknown>(): Promise<Value>;
}

/** The `ReadableStream` of the project's own types (lib "DOM" or "WebWorker"), where it has them. */
type ByteStream = typeof globalThis extends { ReadableStream: { prototype: infer Own } }
  ? Own & AsyncIterable<Uint8Array>
  : AsyncIterable<Uint8Array>;

declare global {
  interface RequestInit {
    /** Needed with a body that is a stream. */
    duplex?: 'half';
  }
}

/** The `fetch` of the project's own types (lib "DOM" or "WebWorker"), where it has them; a body may be pieces, too. */
type Fetch = typeof globalThis extends { fetch: infer Own extends (...args: never) => unknown }
  ? Own &
      ((
        input: Parameters<Own>[0],
        init: Omit<RequestInit, 'body'> & { body: AsyncIterable<Uint8Array>; duplex: 'half' },
      ) => ReturnType<Own>)
  : (input: string, init?: object) => Promise<unknown>;

/**
 * An http binding. `fetch` is the platform's, for the URLs and methods of this binding's grant; it rejects
 * with a {@link HostError}: HS_BINDING_DENIED beyond the grant, HS_HTTP_ADDRESS_DENIED,
 * HS_HTTP_REDIRECT_DENIED, HS_HTTP_UNREACHABLE, HS_HTTP_TIMEOUT, HS_HTTP_TOO_LARGE, HS_HTTP_LIMIT,
 * HS_HOST_CALL_LIMIT.
 *
 * `response.body` reads from the connection as far as it is read itself, and rejects with HS_HTTP_CUT when the
 * server ends it too early; `text()` and its kin reject with HS_HTTP_TOO_LARGE over 8 MiB. A `body` may be a
 * `ReadableStream` or an async iterable of `Uint8Array`s with `duplex: 'half'`, and goes out as far as the server
 * takes it. Both end with the invocation.
 */
export interface HttpClient {
  readonly fetch: Fetch;
}

/**
 * Headers to send; names that begin with Nats-, KV- or Hairspring- are refused, and workload_id, namespace and error,
 * whatever their case.
 */
export type SentHeaders = Readonly<Record<string, string | readonly string[]>>;

/**
 * A messaging binding. Every call is checked against its grant and rejects with a {@link HostError}:
 * HS_BINDING_DENIED beyond the grant, HS_SUBJECT_INVALID, HS_HEADER_INVALID, HS_MESSAGE_TOO_LARGE,
 * HS_MESSAGING_OVERLOADED, HS_MESSAGING_DISCONNECTED, HS_MESSAGING_UNAVAILABLE.
 */
export interface Messaging {
  /** Sends a message that nobody answers. Resolves when the server has taken it. */
  publish(subject: string, data?: Body, options?: { readonly headers?: SentHeaders }): Promise<void>;
  /**
   * Sends a message to a JetStream stream, by a subject that `publish` grants. Resolves when the stream has stored it.
   * Rejects with HS_PUBLISH_NO_STREAM, HS_PUBLISH_STREAM_FULL, HS_PUBLISH_CONFLICT or HS_PUBLISH_TIMEOUT.
   */
  publishAcked(subject: string, data?: Body, options?: PublishAckedOptions): Promise<PublishAck>;
  /**
   * Sends a message and waits for one reply: `timeoutMs`, 5 seconds by default, and never beyond the
   * invocation's deadline. Rejects with HS_REQUEST_NO_RESPONDERS or HS_REQUEST_TIMEOUT when there is none.
   */
  request(
    subject: string,
    data?: Body,
    options?: { readonly headers?: SentHeaders; readonly timeoutMs?: number },
  ): Promise<MessageReply>;
  /**
   * Sends a message and gives all replies, one by one, until one of the rules of `options` ends it, the loop is left,
   * or the invocation ends. Throws HS_REQUEST_NO_RESPONDERS where nobody listens, and HS_REQUEST_SLOW_CONSUMER after
   * the replies that could wait when more came than that.
   */
  requestMany(
    subject: string,
    data?: Body,
    options?: RequestManyOptions,
  ): AsyncIterableIterator<MessageReply>;
}

export interface PublishAckedOptions {
  readonly headers?: SentHeaders;
  /** How long the acknowledgement is waited for. @default 5_000 */
  readonly timeoutMs?: number;
  /** A message with an id that the stream has seen lately is not stored again: up to 256 printable ASCII characters. */
  readonly messageId?: string;
  /** The message is stored only when this is the sequence of the last one in the stream. */
  readonly expectedLastSequence?: number;
  /** The same for the last one on its subject; 0 for none. */
  readonly expectedLastSubjectSequence?: number;
}

/** Where a stream has stored a message. */
export interface PublishAck {
  readonly stream: string;
  readonly sequence: number;
  /** Whether one of the same `messageId` was there already, and this one was not stored. */
  readonly duplicate: boolean;
}

export interface RequestManyOptions {
  readonly headers?: SentHeaders;
  /** It ends after so long, with however many replies. @default 5_000 */
  readonly timeoutMs?: number;
  /** It ends after so many replies. */
  readonly maxMessages?: number;
  /** It ends when no further reply comes for so long after one. */
  readonly stallMs?: number;
}

/** What a request was answered with; an error in its headers is an answer too. */
export interface MessageReply {
  readonly headers: MessageHeaders;
  readonly data: Uint8Array;
  /** The payload as UTF-8 text. */
  text(): string;
  /**
   * The payload parsed as JSON.
   * @throws SyntaxError when it is not JSON
   */
  json<Value = unknown>(): Value;
}

declare global {
  /** A reply with headers. */
  class Reply {
    constructor(body?: Body, options?: { readonly headers?: Readonly<Record<string, string | string[]>> });
    readonly body: Body | undefined;
    readonly headers: Readonly<Record<string, string | string[]>>;
  }

  /** An error of the host: a host call that was denied, failed or cannot be. */
  class HostError extends Error {
    private constructor();
    /** One of the codes of docs/errors.md, such as HS_KV_REVISION_CONFLICT. */
    readonly code: string;
    /** Whether the very same call may succeed later. */
    readonly retryable: boolean;
  }
}
