import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import {
  errorBody,
  errorHeaderPairs,
  HairspringError,
  isReservedHeader,
  isSafeHeader,
  type Outcome,
  REPLY_HEADERS,
  type ReplyIdentity,
} from '../../core/index.ts';

/** Headers that never change, encoded once. */
class FrozenHeaders extends MsgHdrsImpl {
  readonly #encoded: Uint8Array;

  constructor(pairs: readonly (readonly [string, string])[]) {
    super();
    for (const [name, value] of pairs) this.append(name, value);
    this.#encoded = super.encode();
  }

  override encode(): Uint8Array {
    return this.#encoded;
  }
}

/** Answers a caller with a coded error: in headers for clients, and as JSON in the body. */
export function replyToError(
  nc: NatsConnection,
  reply: string,
  identity: ReplyIdentity,
  error: HairspringError,
): void {
  const headers = new MsgHdrsImpl();
  for (const [name, value] of errorHeaderPairs(identity, error)) headers.append(name, value);
  nc.publish(reply, errorBody(error), { headers });
}

/** Writes the replies of one function. */
export class ReplyWriter {
  readonly #nc: NatsConnection;
  readonly #identity: ReplyIdentity;
  readonly #plain: MsgHdrs;

  constructor(nc: NatsConnection, identity: ReplyIdentity) {
    this.#nc = nc;
    this.#identity = identity;
    this.#plain = new FrozenHeaders([
      [REPLY_HEADERS.workloadId, identity.workloadId],
      [REPLY_HEADERS.namespace, identity.namespace],
    ]);
  }

  /** @returns the error that was sent instead when the reply cannot be sent as it is */
  succeed(reply: string, outcome: Outcome): HairspringError | undefined {
    const payload = outcome.payload ?? '';
    const data = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
    const bytes = data.length;
    const limit = this.#nc.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (bytes > limit) {
      const error = new HairspringError(
        'HS_REPLY_TOO_LARGE',
        `Cannot reply with ${bytes} bytes: the server's max_payload is ${limit}`,
      );
      this.fail(reply, error);
      return error;
    }
    try {
      this.#nc.publish(reply, data, {
        headers: outcome.headers.length === 0 ? this.#plain : this.#withHeaders(outcome.headers),
      });
      return undefined;
    } catch (cause) {
      const error = new HairspringError(
        'HS_REPLY_TOO_LARGE',
        `Cannot reply with ${bytes} bytes and headers: ${HairspringError.from(cause).message}`,
      );
      this.fail(reply, error);
      return error;
    }
  }

  /** The function's own headers, less what only the host may set. */
  #withHeaders(pairs: readonly string[]): MsgHdrs {
    const headers = new MsgHdrsImpl();
    headers.append(REPLY_HEADERS.workloadId, this.#identity.workloadId);
    headers.append(REPLY_HEADERS.namespace, this.#identity.namespace);
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const name = pairs[index] ?? '';
      const value = pairs[index + 1] ?? '';
      if (isSafeHeader(name, value) && !isReservedHeader(name)) headers.append(name, value);
    }
    return headers;
  }

  fail(reply: string, error: HairspringError): void {
    replyToError(this.#nc, reply, this.#identity, error);
  }
}
