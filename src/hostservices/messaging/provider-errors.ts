import { errors } from '@nats-io/transport-node';
import { HairspringError } from '../../core/index.ts';

/** A failure of the client library or the server as one of our codes. */
export function toMessagingError(error: unknown, action: string): HairspringError {
  if (HairspringError.is(error)) return error;
  const options = { cause: error };
  const found = findCause(error);
  if (found instanceof errors.NoRespondersError)
    return new HairspringError('HS_REQUEST_NO_RESPONDERS', `Cannot ${action}: nobody listens there`, options);
  if (found instanceof errors.TimeoutError)
    return new HairspringError('HS_REQUEST_TIMEOUT', `Cannot ${action}: no reply came in time`, options);
  if (found instanceof errors.PermissionViolationError)
    return new HairspringError(
      'HS_BINDING_DENIED',
      `Cannot ${action}: the server does not permit it`,
      options,
    );
  const text = error instanceof Error ? error.message : String(error);
  if (/max_payload/.test(text)) {
    return new HairspringError(
      'HS_MESSAGE_TOO_LARGE',
      `Cannot ${action}: the message is larger than the server's max_payload`,
      options,
    );
  }
  return new HairspringError('HS_MESSAGING_UNAVAILABLE', `Cannot ${action}: ${text}`, options);
}

/** The innermost error that the library has a class for. */
function findCause(error: unknown): unknown {
  let found = error;
  while (found instanceof errors.RequestError && found.cause !== undefined) found = found.cause;
  return found;
}
