import { Kind, Parser, State } from '@nats-io/nats-core/internal';
import { type AdoptedMessage, MAX_HEADER_BYTES, parseHeaderBlock } from '../../core/index.ts';

/** Which function and trigger a subscription id of the cell belongs to. */
export type SidLookup = (
  sid: number,
  subject: string,
) => { readonly functionId: string; readonly triggerKey: string } | undefined;

/** Of no function: whoever sent it can only be answered. */
export const NOBODYS = { functionId: '', triggerKey: '' } as const;

/** Reads the messages of known subscriptions out of the bytes of a NATS connection. */
export class MessageParser {
  readonly #decoder = new TextDecoder();
  readonly #parser: Parser;
  #messages: AdoptedMessage[] = [];
  #torn = false;
  #pongs = 0;

  constructor(lookup: SidLookup) {
    this.#parser = new Parser({
      push: (event) => {
        if (typeof event === 'function') return;
        if (event.kind === Kind.PONG) this.#pongs += 1;
        if (event.kind !== Kind.MSG || event.msg === undefined) return;
        const { sid, hdr } = event.msg;
        const subject = this.#decoder.decode(event.msg.subject);
        const target = lookup(sid, subject);
        if (target === undefined) return;
        const bytes = event.data ?? new Uint8Array(0);
        const headerBytes = Math.max(hdr, 0);
        this.#messages.push({
          ...(headerBytes > MAX_HEADER_BYTES ? NOBODYS : target),
          subject,
          reply: event.msg.reply === undefined ? '' : this.#decoder.decode(event.msg.reply),
          headers: parseHeaderBlock(bytes.subarray(0, headerBytes)),
          data: bytes.slice(headerBytes),
        });
      },
    });
  }

  parse(chunk: Uint8Array): void {
    if (this.#torn || chunk.length === 0) return;
    try {
      this.#parser.parse(chunk);
    } catch {
      // An encrypted connection, or bytes torn off in the middle: what came before them stands.
      this.#torn = true;
    }
  }

  /** Whether nothing more can be read. */
  get isTorn(): boolean {
    return this.#torn;
  }

  /** How often the server has said PONG. */
  get pongs(): number {
    return this.#pongs;
  }

  /** Bytes of the present payload that are still to come; 0 outside of a payload. */
  get missingBytes(): number {
    const { state, ma, msgBuf } = this.#parser;
    return this.#torn || state !== State.MSG_PAYLOAD ? 0 : ma.size - (msgBuf?.length ?? 0);
  }

  /** The messages that have ended since the last call. */
  take(): readonly AdoptedMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}
