/** What an instance of a reactor works on: one message, and the answer that it makes. */
import { Output } from './output.ts';
import type { GuestContext, GuestMessage } from './types.ts';

/** Bytes of one reply. */
const MAX_REPLY_BYTES = 16 * 1024 ** 2;
const MAX_REPLY_HEADERS = 64;

export interface CallResult {
  readonly value: string;
  readonly data: Uint8Array | undefined;
}

export class Turn {
  readonly #body = new Output(MAX_REPLY_BYTES);
  #message: GuestMessage | undefined;
  #context: GuestContext | undefined;
  #headers: Record<string, string> | undefined;
  #headerCount = 0;
  result: CallResult | undefined;

  begin(message: GuestMessage, context: GuestContext): void {
    this.#body.clear();
    this.#message = message;
    this.#context = context;
  }

  /** Nothing of it is left to the next one. */
  end(): void {
    this.#message = undefined;
    this.#context = undefined;
    this.#headers = undefined;
    this.#headerCount = 0;
    this.result = undefined;
  }

  /** @throws Error when there is none */
  get message(): GuestMessage {
    return this.#message ?? refuse();
  }

  mustHaveMessage(): void {
    if (this.#message === undefined) refuse();
  }

  get deadline(): number {
    return (this.#context ?? refuse()).deadline;
  }

  write(part: Uint8Array): void {
    this.mustHaveMessage();
    if (!this.#body.write(part)) throw new Error(`Its reply is larger than ${MAX_REPLY_BYTES} bytes`);
  }

  setHeader(name: string, value: string): void {
    this.mustHaveMessage();
    this.#headerCount += 1;
    if (this.#headerCount > MAX_REPLY_HEADERS)
      throw new Error(`Its reply has more than ${MAX_REPLY_HEADERS} headers`);
    this.#headers ??= {};
    this.#headers[name] = value;
  }

  /** @param isKept whether the reply is sent later than another message may begin */
  reply(isKept: boolean): unknown {
    const body = isKept ? this.#body.copy() : this.#body.view();
    return this.#headers === undefined ? body : new runtime.Reply(body, { headers: this.#headers });
  }
}

function refuse(): never {
  throw new Error('It called the host while it had no message');
}
