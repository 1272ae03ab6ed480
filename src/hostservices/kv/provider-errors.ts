import { JetStreamApiError } from '@nats-io/jetstream';
import { type ErrorCode, HairspringError } from '../../core/index.ts';
import { connectionLost, isConflict, isPermissionViolation } from '../shared/provider-failures.ts';

/** JetStream API error codes (nats-server/server/errors.json). */
export const API_CODES = {
  accountResourcesExceeded: 10002,
  noSuitablePeers: 10005,
  insufficientResources: 10023,
  consumerNotFound: 10014,
  insufficientStorage: 10047,
  messageTooLarge: 10054,
  nameInUse: 10058,
  streamNotFound: 10059,
  replicasNotSupported: 10074,
  storeFailed: 10077,
  rollupFailed: 10111,
  ttlInvalid: 10165,
  ttlDisabled: 10166,
} as const;

const FULL: readonly number[] = [
  API_CODES.accountResourcesExceeded,
  API_CODES.insufficientResources,
  API_CODES.insufficientStorage,
];
const UNSUPPORTED: readonly number[] = [
  API_CODES.noSuitablePeers,
  API_CODES.replicasNotSupported,
  API_CODES.rollupFailed,
  API_CODES.ttlInvalid,
];

/** A failure of the client library or the server as one of our codes. */
export function toKvError(error: unknown, action: string, bucket: string): HairspringError {
  if (HairspringError.is(error)) return error;
  const found = findCause(error);
  const text = found instanceof Error ? found.message : String(found);
  const [code, detail] = explain(found, text, bucket);
  return new HairspringError(code, `Cannot ${action}: ${detail}`, { cause: error });
}

function explain(error: unknown, text: string, bucket: string): readonly [ErrorCode, string] {
  if (error instanceof JetStreamApiError) return explainApiError(error, text, bucket);
  if (isPermissionViolation(error)) return ['HS_BINDING_DENIED', 'the server does not permit it'];
  const lost = connectionLost(error);
  if (lost !== undefined) return ['HS_KV_CONNECTION_LOST', lost];
  if (/max_payload|maximum payload/i.test(text))
    return ['HS_KV_VALUE_TOO_LARGE', "the value exceeds the server's max_payload"];
  return ['HS_KV_UNAVAILABLE', text];
}

function explainApiError(
  error: JetStreamApiError,
  text: string,
  bucket: string,
): readonly [ErrorCode, string] {
  const { code } = error;
  if (isConflict(error)) return ['HS_KV_REVISION_CONFLICT', 'the key has another revision'];
  if (code === API_CODES.streamNotFound) return ['HS_KV_BUCKET_MISSING', `bucket "${bucket}" does not exist`];
  if (code === API_CODES.messageTooLarge)
    return ['HS_KV_VALUE_TOO_LARGE', `the value exceeds what bucket "${bucket}" takes (maxValueBytes)`];
  if (FULL.includes(code) || (code === API_CODES.storeFailed && /maximum/.test(text)))
    return ['HS_KV_BUCKET_FULL', `there is no room for it: ${text}`];
  if (code === API_CODES.ttlDisabled)
    return [
      'HS_KV_UNSUPPORTED',
      `bucket "${bucket}" takes no values with a life of their own (its stream's allow_msg_ttl is false); create it with perKeyTtl: true`,
    ];
  if (UNSUPPORTED.includes(code)) return ['HS_KV_UNSUPPORTED', text];
  return ['HS_KV_UNAVAILABLE', text];
}

export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/** The innermost error: the library wraps what happened in what it was doing. */
function findCause(error: unknown): unknown {
  let found = error;
  while (found instanceof Error && !(found instanceof JetStreamApiError) && found.cause instanceof Error)
    found = found.cause;
  return found;
}
