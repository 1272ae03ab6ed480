import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { HairspringError } from '../../core/index.ts';

/** JetStream API error codes (nats-server/server/errors.json). */
const WRONG_LAST_SEQUENCE = 10071;
const STREAM_NOT_FOUND = 10059;
const MESSAGE_TOO_LARGE = 10054;
const MAXIMUM_BYTES = 10077;

/** A failure of the client library or the server as one of our codes. */
export function toKvError(error: unknown, action: string, bucket: string): HairspringError {
  if (HairspringError.is(error)) return error;
  const options = { cause: error };
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof JetStreamApiError) {
    if (error.code === WRONG_LAST_SEQUENCE) {
      return new HairspringError(
        'HS_KV_REVISION_CONFLICT',
        `Cannot ${action}: the key has another revision`,
        options,
      );
    }
    if (error.code === STREAM_NOT_FOUND) {
      return new HairspringError(
        'HS_KV_BUCKET_MISSING',
        `Cannot ${action}: bucket "${bucket}" does not exist`,
        options,
      );
    }
    if (error.code === MESSAGE_TOO_LARGE || error.code === MAXIMUM_BYTES) {
      return new HairspringError('HS_KV_VALUE_TOO_LARGE', `Cannot ${action}: ${text}`, options);
    }
  }
  if (/wrong last sequence/i.test(text)) {
    return new HairspringError(
      'HS_KV_REVISION_CONFLICT',
      `Cannot ${action}: the key has another revision`,
      options,
    );
  }
  if (/max_payload|maximum payload/i.test(text)) {
    return new HairspringError(
      'HS_KV_VALUE_TOO_LARGE',
      `Cannot ${action}: the value exceeds the server's max_payload`,
      options,
    );
  }
  return new HairspringError('HS_KV_UNAVAILABLE', `Cannot ${action}: ${text}`, options);
}

/** Whether nobody listens on the subject of the operation. */
export function isNoResponders(error: unknown): boolean {
  if (error instanceof errors.NoRespondersError) return true;
  return error instanceof Error && error.cause !== undefined && isNoResponders(error.cause);
}
