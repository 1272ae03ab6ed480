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
} as const;

/** Prefixes of header names that a function can neither set: they command JetStream or speak for the host. */
const RESERVED_PREFIXES = ['nats-', 'kv-', 'hairspring-'] as const;

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
