/** What is said of an object in its bucket, in the format that all NATS clients share (ADR-20). */
import { HairspringError } from '../../core/index.ts';

export interface ObjectLink {
  readonly bucket: string;
  /** Without one it is a link to the whole bucket. */
  readonly name?: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly description?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: { readonly link?: ObjectLink; readonly max_chunk_size?: number };
  readonly bucket: string;
  readonly nuid: string;
  readonly size: number;
  readonly chunks: number;
  readonly digest?: string;
  readonly mtime?: string;
  readonly deleted?: boolean;
}

/** The newest that there is about a name. */
export interface FoundMeta {
  /** Of its message in the bucket's stream, so that it changes with whatever is done. */
  readonly revision: number;
  readonly timeMs: number;
  /** Undefined when it cannot be read. */
  readonly meta: ObjectMeta | undefined;
}

/** What a function is told. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly name: string;
  readonly size: number;
  readonly chunks: number;
  readonly digest: string;
  readonly modified: number;
  readonly revision: number;
  readonly deleted: boolean;
  readonly description: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly link: ObjectLink | null;
}

const DIGEST_PREFIX = 'SHA-256=';

/** The subject on which a bucket keeps what it knows about a name. */
export function metaSubject(bucket: string, name: string): string {
  return `$O.${bucket}.M.${toUrlSafe(Buffer.from(name).toString('base64'))}`;
}

export function chunkSubject(bucket: string, nuid: string): string {
  return `$O.${bucket}.C.${nuid}`;
}

export function toDigest(hash: Buffer): string {
  return DIGEST_PREFIX + toUrlSafe(hash.toString('base64'));
}

/** Whether the digest of an object, with or without padding as clients write it, is `hash`. */
export function isDigestOf(digest: string | undefined, hash: Buffer): boolean {
  return digest?.startsWith(DIGEST_PREFIX) === true
    ? Buffer.from(digest.slice(DIGEST_PREFIX.length), 'base64url').equals(hash)
    : false;
}

/** URL-safe Base64 with its padding. */
function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/**
 * Others write it too, and `nuid` becomes a subject, so nothing in it is trusted.
 * @returns undefined when it is not what it should be
 */
export function parseMeta(json: string): ObjectMeta | undefined {
  const value = parseRecord(json);
  if (value === undefined) return undefined;
  const { name, bucket, nuid = '', size = 0, chunks = 0, deleted, digest, description } = value;
  if (typeof name !== 'string' || typeof bucket !== 'string') return undefined;
  if (typeof nuid !== 'string' || !isCount(size) || !isCount(chunks)) return undefined;
  const link = parseLink(value['options']);
  if (link === null || !(/^[A-Za-z0-9_-]{1,64}$/.test(nuid) || (nuid === '' && link !== undefined)))
    return undefined;
  return {
    name,
    bucket,
    nuid,
    size,
    chunks,
    deleted: deleted === true,
    digest: typeof digest === 'string' ? digest : '',
    description: typeof description === 'string' ? description : '',
    headers: parseHeaders(value['headers']),
    metadata: textsOf(value['metadata']),
    ...(link === undefined ? {} : { options: { link } }),
  };
}

export function toInfo({ meta, revision, timeMs }: FoundMeta, what: string): ObjectInfo {
  if (meta === undefined) throw corrupt(what, 'what the bucket says of it cannot be read');
  return {
    bucket: meta.bucket,
    name: meta.name,
    size: meta.size,
    chunks: meta.chunks,
    digest: meta.digest ?? '',
    modified: timeMs,
    revision,
    deleted: meta.deleted === true,
    description: meta.description ?? '',
    headers: Object.entries(meta.headers ?? {}).flatMap(([name, values]) =>
      values.flatMap((value) => [name, value]),
    ),
    metadata: meta.metadata ?? {},
    link: meta.options?.link ?? null,
  };
}

export function corrupt(what: string, reason: string): HairspringError {
  return new HairspringError('HS_OBJECT_CORRUPT', `Cannot read ${what}: ${reason}`);
}

/** @returns undefined when the text is no JSON object */
export function parseRecord(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined without a link, null when it is none that can be understood */
function parseLink(options: unknown): ObjectLink | undefined | null {
  if (!isRecord(options) || options['link'] === undefined || options['link'] === null) return undefined;
  const { link } = options;
  if (!isRecord(link) || typeof link['bucket'] !== 'string') return null;
  const { bucket, name } = link;
  return typeof name === 'string' && name !== '' ? { bucket, name } : { bucket };
}

function parseHeaders(value: unknown): Record<string, readonly string[]> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.map(([name, values]) => [
      name,
      Array.isArray(values) ? values.filter((each) => typeof each === 'string') : [],
    ]),
  );
}

function textsOf(value: unknown): Record<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
