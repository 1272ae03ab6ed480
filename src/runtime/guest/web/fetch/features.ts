/** What is used of other features. */
import type { Stream } from '../shared/stream-types.ts';

export interface BlobLike {
  readonly size: number;
  readonly type: string;
}

interface BlobFeature {
  readonly internals: {
    blobBytes(blob: BlobLike): Uint8Array<ArrayBuffer>;
    createBlob(bytes: Uint8Array<ArrayBuffer>, type: string): BlobLike;
    createForm(entries: (readonly [string, string])[]): object;
    decodeMultipart(bytes: Uint8Array, boundary: string): object | undefined;
    encodeMultipart(form: object): { bytes: Uint8Array<ArrayBuffer>; boundary: string };
    isBlob(value: unknown): value is BlobLike;
    isFormData(value: unknown): value is object;
  };
}

export function useBlobs(): BlobFeature['internals'] {
  return (runtime.use('blob') as unknown as BlobFeature).internals;
}

/** Whether a value is an instance of a class of a feature, which is not made for the question. */
function isInstance(feature: string, name: string, value: unknown): boolean {
  const type = runtime.made(feature)?.[name];
  return typeof type === 'function' && value instanceof type;
}

export function isBlob(value: unknown): value is BlobLike {
  return runtime.made('blob') !== undefined && useBlobs().isBlob(value);
}

export function isFormData(value: unknown): value is object {
  return runtime.made('blob') !== undefined && useBlobs().isFormData(value);
}

export function isStream(value: unknown): value is Stream {
  return isInstance('streams', 'ReadableStream', value);
}

export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof Reflect.get(value, Symbol.asyncIterator) === 'function';
}

export function isSearchParams(value: unknown): boolean {
  return isInstance('url', 'URLSearchParams', value);
}

export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface EventsFeature {
  readonly AbortSignal: { any(signals: readonly AbortSignalLike[]): AbortSignalLike };
}

export function isAbortSignal(value: unknown): value is AbortSignalLike {
  return isInstance('events', 'AbortSignal', value);
}

/** A signal that follows `signal`, or one that never fires. */
export function followSignal(signal: AbortSignalLike | undefined): AbortSignalLike {
  const { AbortSignal } = runtime.use('events') as unknown as EventsFeature;
  return AbortSignal.any(signal === undefined ? [] : [signal]);
}

export interface UrlLike {
  href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly port: string;
  hash: string;
}

interface UrlFeature {
  readonly URL: { new (url: string, base?: string): UrlLike };
  readonly URLSearchParams: new (init: string) => Iterable<[string, string]>;
}

export function useUrls(): UrlFeature {
  return runtime.use('url') as unknown as UrlFeature;
}

/** Relative URLs count from `location`, where a function or a library has set one. @throws TypeError */
export function parseUrl(text: string): UrlLike {
  const { URL } = useUrls();
  const location: unknown = Reflect.get(globalThis, 'location');
  return location === undefined ? new URL(text) : new URL(text, `${location}`);
}
