/** Header blocks as a client sends them that keeps to no rule; the server passes them on as they are. */
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { MsgHdrs } from '@nats-io/transport-node';

class RawHeaders extends MsgHdrsImpl {
  readonly #block: Uint8Array;

  constructor(block: Uint8Array) {
    super();
    this.#block = block;
  }

  override encode(): Uint8Array {
    return this.#block;
  }
}

/** Headers that go out as these lines, whatever is in them. */
export function rawHeaders(...lines: readonly string[]): MsgHdrs {
  return new RawHeaders(Buffer.from(`NATS/1.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`));
}

/** Lines of different names and no values, about `bytes` long together. */
export function manyNames(bytes: number): string[] {
  const lines: string[] = [];
  for (let length = 0; length < bytes; length += (lines.at(-1)?.length ?? 0) + 2)
    lines.push(`${lines.length.toString(36)}:`);
  return lines;
}
