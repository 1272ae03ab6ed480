import { Buffer } from 'node:buffer';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  errorBody,
  errorHeaderPairs,
  type HairspringError,
  isReservedHeader,
  isSafeHeader,
  MAX_HEADERS,
  type Outcome,
  REPLY_HEADERS,
  type ReplyIdentity,
} from '../../core/index.ts';
import { HeaderBlock, ReplyOutput } from './reply-output.ts';
import { replyTooLarge } from './too-large.ts';

/** Answers a caller with a coded error: in headers for clients, and as JSON in the body. Never throws. */
export function replyToError(
  nc: NatsConnection,
  reply: string,
  identity: ReplyIdentity,
  error: HairspringError,
): void {
  const headers = new MsgHdrsImpl();
  for (const [name, value] of errorHeaderPairs(identity, error)) headers.append(name, value);
  ReplyOutput.of(nc).publish(reply, new HeaderBlock(headers.encode()), errorBody(error));
}

/** Writes the replies of one function. */
export class ReplyWriter {
  readonly #nc: NatsConnection;
  readonly #output: ReplyOutput;
  readonly #identity: ReplyIdentity;
  /** The headers of a reply that sets none, encoded once. */
  readonly #plain: HeaderBlock;

  constructor(nc: NatsConnection, identity: ReplyIdentity) {
    this.#nc = nc;
    this.#output = ReplyOutput.of(nc);
    this.#identity = identity;
    this.#plain = this.#withHeaders([]);
  }

  /** @returns the error that was sent instead when the reply is larger than the server lets through */
  succeed(reply: string, { payload = '', headers: own }: Outcome): HairspringError | undefined {
    const headers = own.length === 0 ? this.#plain : this.#withHeaders(own);
    const limit = this.#output.maxPayload;
    // A character is at most three bytes; most replies need not be measured.
    const most = headers.bytes + (typeof payload === 'string' ? 3 * payload.length : payload.length);
    if (most > limit) {
      const bytes = headers.bytes + Buffer.byteLength(payload);
      if (bytes > limit) {
        const error = replyTooLarge(bytes, limit);
        this.fail(reply, error);
        return error;
      }
    }
    this.#output.publish(reply, headers, payload);
    return undefined;
  }

  /** The function's own headers, less what only the host may set. */
  #withHeaders(pairs: readonly string[]): HeaderBlock {
    const headers = new MsgHdrsImpl();
    headers.append(REPLY_HEADERS.workloadId, this.#identity.workloadId);
    headers.append(REPLY_HEADERS.namespace, this.#identity.namespace);
    for (let index = 0; index + 1 < pairs.length && index < 2 * MAX_HEADERS; index += 2) {
      const name = pairs[index] ?? '';
      const value = pairs[index + 1] ?? '';
      if (isSafeHeader(name, value) && !isReservedHeader(name)) headers.append(name, value);
    }
    return new HeaderBlock(headers.encode());
  }

  fail(reply: string, error: HairspringError): void {
    replyToError(this.#nc, reply, this.#identity, error);
  }
}
