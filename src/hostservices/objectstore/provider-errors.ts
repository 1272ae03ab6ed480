import { JetStreamApiError } from '@nats-io/jetstream';
import { HairspringError } from '../../core/index.ts';
import { connectionLost, isNoResponders, isPermissionViolation } from '../shared/provider-failures.ts';

/** JetStream API error codes (nats-server/server/errors.json). */
const STREAM_NOT_FOUND = 10059;
const MESSAGE_TOO_LARGE = 10054;
/** Of the bucket, of its account, of the server. */
const FULL: readonly number[] = [10077, 10122, 10002, 10047, 10028, 10023];

/** A failure of the client library or the server as one of our codes. */
export function toObjectError(error: unknown, action: string, bucket: string): HairspringError {
  if (HairspringError.is(error)) return error;
  const options = { cause: error };
  const text = error instanceof Error ? error.message : String(error);
  if (isMissingBucket(error)) {
    return new HairspringError(
      'HS_OBJECT_BUCKET_MISSING',
      `Cannot ${action}: object store "${bucket}" does not exist`,
      options,
    );
  }
  if (isFull(error)) {
    return new HairspringError(
      'HS_OBJECT_BUCKET_FULL',
      `Cannot ${action}: object store "${bucket}" is full (${text})`,
      options,
    );
  }
  if (error instanceof JetStreamApiError && error.code === MESSAGE_TOO_LARGE) {
    return new HairspringError(
      'HS_OBJECT_BUCKET_UNUSABLE',
      `Cannot ${action}: object store "${bucket}" does not take messages that are so large (max_msg_size)`,
      { ...options, hint: `Let it take them: nats stream edit OBJ_${bucket} --max-msg-size=-1` },
    );
  }
  if (isPermissionViolation(error)) {
    return new HairspringError(
      'HS_BINDING_DENIED',
      `Cannot ${action}: the server does not permit it`,
      options,
    );
  }
  const lost = connectionLost(error);
  if (lost !== undefined)
    return new HairspringError('HS_OBJECT_CONNECTION_LOST', `Cannot ${action}: ${lost}`, options);
  return new HairspringError('HS_OBJECT_UNAVAILABLE', `Cannot ${action}: ${text}`, options);
}

/** Whether it is JetStream, or the host itself, that has said no, so that nothing was done. */
export function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError || HairspringError.is(error) || isNoResponders(error);
}

export function isFull(error: unknown): error is JetStreamApiError {
  return error instanceof JetStreamApiError && FULL.includes(error.code);
}

export function isMissingBucket(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND;
}
