import { errors } from '@nats-io/nats-core';
import { HairspringError } from '../core/index.ts';

/** JetStream's code for "JetStream not enabled for account". */
const JETSTREAM_NOT_ENABLED_FOR_ACCOUNT = 10039;
/** And for "stream not found". */
export const STREAM_NOT_FOUND = 10059;
/** And for "wrong last sequence"; the second is that of a replicated stream. */
const WRONG_LAST_SEQUENCE: readonly number[] = [10071, 10164];

/** What the NATS client threw, with all its causes; the one that tells may be any of them. */
function* causesOf(error: unknown): Generator<Error> {
  for (let current = error; current instanceof Error; current = current.cause) yield current;
}

/** Whether nobody listens on the subject of a request. */
export function isNoResponders(error: unknown): boolean {
  return [...causesOf(error)].some((cause) => cause instanceof errors.NoRespondersError);
}

/** Whether no answer came in time. */
export function isTimeout(error: unknown): boolean {
  return [...causesOf(error)].some((cause) => cause instanceof errors.TimeoutError);
}

/** Whether a message exceeds the server's max_payload, which the NATS client refuses by itself. */
export function isTooLarge(error: unknown): boolean {
  return [...causesOf(error)].some(
    (cause) => cause instanceof errors.InvalidArgumentError && cause.message.includes('max_payload'),
  );
}

/** Whether `error` is JetStream's answer with `code`. */
export function isJetStreamCode(error: unknown, code: number): boolean {
  return [...causesOf(error)].some((cause) => 'code' in cause && cause.code === code);
}

/** Whether somebody else has written there meanwhile. */
export function isConflict(error: unknown): boolean {
  return WRONG_LAST_SEQUENCE.some((code) => isJetStreamCode(error, code));
}

/** A failure of the NATS client as one of ours; `action` begins the message: `Cannot list functions`. */
export function natsFailure(error: unknown, action: string): HairspringError {
  if (HairspringError.is(error)) return error;
  for (const cause of causesOf(error)) {
    if (cause instanceof errors.PermissionViolationError) {
      return new HairspringError(
        'HS_NATS_REFUSED',
        `${action}: no permission for ${cause.operation} on "${cause.subject}"`,
        { cause: error },
      );
    }
    if (
      cause instanceof errors.AuthorizationError ||
      cause instanceof errors.UserAuthenticationExpiredError
    ) {
      return new HairspringError('HS_NATS_REFUSED', `${action}: ${cause.message}`, { cause: error });
    }
    if (cause instanceof errors.TimeoutError) {
      return new HairspringError('HS_NATS_UNREACHABLE', `${action}: no answer in time`, { cause: error });
    }
    if (cause.name === 'JetStreamNotEnabled') {
      return new HairspringError('HS_NATS_JETSTREAM', `${action}: JetStream is not enabled`, {
        cause: error,
      });
    }
  }
  if (isTooLarge(error)) {
    const detail = "the message is larger than the NATS server's max_payload";
    return new HairspringError('HS_MESSAGE_TOO_LARGE', `${action}: ${detail}`, { cause: error });
  }
  if (isJetStreamCode(error, JETSTREAM_NOT_ENABLED_FOR_ACCOUNT)) {
    return new HairspringError('HS_NATS_JETSTREAM', `${action}: JetStream is not enabled for this account`, {
      cause: error,
    });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new HairspringError('HS_NATS_UNREACHABLE', `${action}: ${text}`, { cause: error });
}
