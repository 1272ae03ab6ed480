import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { ConnectionLostError } from './provider-link.ts';

/** JetStream's codes for "wrong last sequence"; the second is that of a replicated stream where another write is on its way. */
const CONFLICT: readonly number[] = [10071, 10164];

/** The one of its kind among an error and its causes: the library wraps what happened in what it was doing. */
function causeOf<Kind>(error: unknown, kind: abstract new (...args: never[]) => Kind): Kind | undefined {
  for (let found = error; found instanceof Error; found = found.cause)
    if (found instanceof kind) return found;
  return undefined;
}

/** Whether the server does not let the connection's user do it. */
export function isPermissionViolation(error: unknown): boolean {
  return causeOf(error, errors.PermissionViolationError) !== undefined;
}

/** Whether nobody listens on the subject of the operation. */
export function isNoResponders(error: unknown): boolean {
  return causeOf(error, errors.NoRespondersError) !== undefined;
}

/** Whether somebody else has written there meanwhile. */
export function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError && CONFLICT.includes(error.code);
}

/** What is said where the connection was lost, or was away; undefined where it was not. */
export function connectionLost(error: unknown): string | undefined {
  const lost = causeOf(error, ConnectionLostError);
  if (lost !== undefined) return lost.message;
  const isClosed = [errors.ClosedConnectionError, errors.DrainingConnectionError].some(
    (kind) => causeOf(error, kind) !== undefined,
  );
  return isClosed ? new ConnectionLostError().message : undefined;
}
