import type { FunctionLimits } from './limits.ts';
import { type Route, routeShape } from './route.ts';
import type { SubjectPattern } from './subject.ts';

/** A resolved subject trigger. */
export interface SubjectTrigger extends SubjectPattern {
  readonly kind: 'subject';
  /** `true`: every node runs the function for each message; otherwise one of the queue group does. */
  readonly fanout: boolean;
}

/** A resolved HTTP trigger. */
export interface HttpTrigger extends Route {
  readonly kind: 'http';
}

export type Trigger = SubjectTrigger | HttpTrigger;

export function isSubjectTrigger(trigger: Trigger): trigger is SubjectTrigger {
  return trigger.kind === 'subject';
}

export function isHttpTrigger(trigger: Trigger): trigger is HttpTrigger {
  return trigger.kind === 'http';
}

/** Equal for triggers that catch the same, whatever their captures are called; so one goes on in the next version. */
export function triggerKey(trigger: Trigger): string {
  if (isSubjectTrigger(trigger)) return `${trigger.subject}${trigger.fanout ? ' fanout' : ''}`;
  return `${[...trigger.methods].sort().join()} ${routeShape(trigger)}`;
}

/** Place of the trigger with `key`; -1 where there is none. */
export function findTrigger(triggers: readonly Trigger[], key: string): number {
  return triggers.findIndex((trigger) => triggerKey(trigger) === key);
}

export type KvAccess = 'read' | 'write' | 'read-write';

/** How a bucket is made. What is left out is as JetStream's defaults have it, and one value of history. */
export interface KvBucketOptions {
  /** Values kept per key. */
  readonly history?: number | undefined;
  /** How long a value is kept. */
  readonly ttlMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly maxValueBytes?: number | undefined;
  readonly storage?: 'file' | 'memory' | undefined;
  readonly replicas?: number | undefined;
  /** Whether single values may be given a life of their own. */
  readonly perKeyTtl?: boolean | undefined;
}

/** A grant of one bucket, or of the keys in it that match `keys` (a NATS filter such as `t.>`). */
export interface KvBinding {
  readonly service: 'kv';
  readonly bucket: string;
  readonly access: KvAccess;
  readonly keys: string;
  /** Whether deploying leaves the bucket as it is and fails without it; otherwise it is created where missing. */
  readonly existing: boolean;
  /** What the bucket is made with, and must have when it is there; undefined: as it is. */
  readonly options?: KvBucketOptions | undefined;
}

/** How the bucket of an object store is created where it is missing. */
export interface ObjectStoreOptions {
  readonly description?: string | undefined;
  readonly maxBytes?: number | undefined;
  /** After how long objects go. */
  readonly ttlMs?: number | undefined;
  readonly storage: 'file' | 'memory';
  readonly replicas: number;
}

/** A grant of one object store. NATS cannot tell its objects apart, so there is none of a part of one. */
export interface ObjectStoreBinding {
  readonly service: 'objectstore';
  readonly bucket: string;
  readonly access: KvAccess;
  /** Whether deploying leaves the bucket as it is and fails without it; otherwise it is created where missing. */
  readonly existing: boolean;
  readonly create: ObjectStoreOptions;
}

/** A grant of HTTP requests to the URLs that match one of the patterns. */
export interface HttpBinding {
  readonly service: 'http';
  /** Such as `https://api.example.com/v1/*`. */
  readonly urls: readonly string[];
  /** In upper case; empty for all. */
  readonly methods: readonly string[];
  /** Whether the hosts that the patterns name may be at addresses that are not public. */
  readonly private: boolean;
}

/** A grant to publish, to send requests and to call functions. */
export interface MessagingBinding {
  readonly service: 'messaging';
  /** Subject patterns with NATS wildcards. */
  readonly publish: readonly string[];
  /** Subject patterns with NATS wildcards. */
  readonly request: readonly string[];
  /** Names of functions of the same namespace. */
  readonly call: readonly string[];
}

/** A secret of the namespace, which the function finds in `env` as text. */
export interface SecretBinding {
  readonly service: 'secret';
  readonly secret: string;
}

/** A grant that a function uses by calls to a host service. */
export type ServiceBinding = KvBinding | ObjectStoreBinding | HttpBinding | MessagingBinding;

export type Binding = ServiceBinding | SecretBinding;

/** Where the code comes from before it is an artifact. */
export type Source =
  | { readonly kind: 'main'; readonly path: string }
  /** `nats://BUCKET/NAME:TAG`, Nex's form: object `NAME_TAG` of the object store `BUCKET`. */
  | { readonly kind: 'uri'; readonly uri: string };

/** The part of a Nexfile that Nex passes on unread (`start_request`), resolved. */
export interface StartRequest {
  readonly source: Source;
  readonly triggers: readonly Trigger[];
  /** By label, the name under which the handler finds it in `env`. */
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: FunctionLimits;
  /** For type wasm only; part of the artifact once it is made. */
  readonly wasm: WasmOptions;
}

/** What a function is made of; Nex's workload type. */
export type FunctionType = 'javascript' | 'wasm';

export const FUNCTION_TYPES: readonly FunctionType[] = ['javascript', 'wasm'];

export function isFunctionType(type: string): type is FunctionType {
  return type === 'javascript' || type === 'wasm';
}

/** How a WebAssembly module is run. */
export interface WasmOptions {
  /** Folder whose files a command finds in its file system; undefined: it has none. */
  readonly files: string | undefined;
  /** Whether a reactor's instance serves one message after the other. */
  readonly reuse: boolean;
}

/** A Nexfile, resolved. */
export interface Manifest {
  readonly name: string;
  readonly type: FunctionType;
  readonly lifecycle: 'function';
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly start: StartRequest;
}
