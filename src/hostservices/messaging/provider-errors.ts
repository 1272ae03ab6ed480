import { errors } from '@nats-io/transport-node';
import { type ErrorCode, HairspringError } from '../../core/index.ts';
import { serverRefusal } from '../shared/server-refusal.ts';

/** What failures mean that are told from one another by what was tried. */
interface Meanings {
  readonly noResponders: readonly [code: ErrorCode, detail: string];
  readonly timeout: readonly [code: ErrorCode, detail: string];
}

const OF_REQUESTS: Meanings = {
  noResponders: ['HS_REQUEST_NO_RESPONDERS', 'nobody listens there'],
  timeout: ['HS_REQUEST_TIMEOUT', 'no reply came in time'],
};

/** What was tried, for messages. */
export interface Attempt {
  /** As in `publish to "a.b"`. */
  readonly action: string;
  /** What it takes, as in `binding BUS grants publish of "a.>"`. */
  readonly grant: string;
}

/** A failure of the client library or the server as one of our codes. */
export function toMessagingError(
  error: unknown,
  { action, grant }: Attempt,
  meanings: Meanings = OF_REQUESTS,
): HairspringError {
  if (HairspringError.is(error)) return error;
  if (findCause(error) instanceof errors.PermissionViolationError) return serverRefusal(action, grant, error);
  const [code, detail] = explain(error, meanings);
  return new HairspringError(code, `Cannot ${action}: ${detail}`, { cause: error });
}

function explain(error: unknown, { noResponders, timeout }: Meanings): readonly [ErrorCode, string] {
  const found = findCause(error);
  if (found instanceof errors.NoRespondersError) return noResponders;
  if (found instanceof errors.TimeoutError) return timeout;
  const text = error instanceof Error ? error.message : String(error);
  if (found instanceof errors.ClosedConnectionError || text === 'connection closed')
    return ['HS_MESSAGING_DISCONNECTED', 'the connection to NATS was lost'];
  if (/max_payload/.test(text))
    return ['HS_MESSAGE_TOO_LARGE', "the message is larger than the server's max_payload"];
  return ['HS_MESSAGING_UNAVAILABLE', text];
}

/** The innermost error that the library has a class for. */
function findCause(error: unknown): unknown {
  let found = error;
  while (found instanceof errors.RequestError && found.cause !== undefined) found = found.cause;
  return found;
}
