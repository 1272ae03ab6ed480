import type { HairspringError } from './errors.ts';

/** Header names on replies. Nex's own three first (its Go SDK's trigger reply), then NATS micro's, then ours. */
export const REPLY_HEADERS = {
  workloadId: 'workload_id',
  namespace: 'namespace',
  /** The error text, for Nex callers. */
  error: 'error',
  /** https://docs.nats.io/using-nats/developer/services: description and status of a failed request. */
  serviceError: 'Nats-Service-Error',
  serviceErrorCode: 'Nats-Service-Error-Code',
  /** One of the codes of docs/errors.md. */
  code: 'Hairspring-Error',
  /** `true` when the very same request may succeed later. */
  retryable: 'Hairspring-Retryable',
} as const;

/** Header names on requests. */
export const REQUEST_HEADERS = {
  /** The subject that an invocation by name stands for. */
  subject: 'Hairspring-Subject',
  /** How long the caller still waits, as a whole number of milliseconds. */
  timeoutMs: 'Hairspring-Timeout-Ms',
  /** How many functions have called one another until this call, as a whole number. */
  callDepth: 'Hairspring-Call-Depth',
} as const;

/** Header names on the log feed: Nex's own two, then ours. */
export const FEED_HEADERS = {
  group: 'synadia.com/group',
  namespace: 'synadia.com/namespace',
  /** `debug`, `info`, `warn` or `error`; without it stdout is `info` and stderr `error`. */
  level: 'Hairspring-Level',
} as const;

/** Prefixes of header names that a function can set on no message: they command JetStream or speak for the host. */
const RESERVED_PREFIXES = ['nats-', 'kv-', 'hairspring-'] as const;

/** Also on what is no reply: whoever is granted a subject may find somebody there who waits for one. */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix)) ||
    lower === 'workload_id' ||
    lower === 'namespace' ||
    lower === 'error'
  );
}

/** Whether a header may be sent as it is: a token of RFC 7230 and a value without line breaks. */
export function isSafeHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name) && /^[\t\u0020-\u007e\u0080-\uffff]*$/.test(value);
}

/** Longest error text put into a header. */
const MAX_HEADER_CHARS = 512;

/** What a reply says about who answered. */
export interface ReplyIdentity {
  readonly workloadId: string;
  readonly namespace: string;
}

/** One line that a header may hold, whatever a function put into its error. */
export function toHeaderText(text: string): string {
  const line = text.replaceAll(/[^\t\u0020-\u007e\u0080-\ud7ff\ue000-\uffff]+/g, ' ').trim();
  return line.length > MAX_HEADER_CHARS ? `${line.slice(0, MAX_HEADER_CHARS)}…` : line || 'error';
}

/** The headers by which Nex, NATS micro and our own clients know a failed request. */
export function errorHeaderPairs(
  identity: ReplyIdentity,
  error: HairspringError,
): readonly (readonly [string, string])[] {
  const text = toHeaderText(error.message);
  return [
    [REPLY_HEADERS.workloadId, identity.workloadId],
    [REPLY_HEADERS.namespace, identity.namespace],
    [REPLY_HEADERS.error, text],
    [REPLY_HEADERS.serviceErrorCode, String(error.info.status)],
    [REPLY_HEADERS.serviceError, text],
    [REPLY_HEADERS.code, error.code],
    [REPLY_HEADERS.retryable, String(error.info.retryable)],
  ];
}

/** Longest error text put into a body; a function may throw one of any length. */
const MAX_BODY_CHARS = 2_048;

/** The body of a failed request: what the headers say, as JSON. */
export function errorBody(error: HairspringError): string {
  const message = error.message.slice(0, MAX_BODY_CHARS);
  return JSON.stringify({ code: error.code, message, retryable: error.info.retryable });
}
