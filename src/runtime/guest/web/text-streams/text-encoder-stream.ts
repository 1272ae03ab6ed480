import { defineInterface } from '../shared/idl.ts';
import { type Stream, type TransformController, useStreams } from '../shared/stream-types.ts';

/** https://encoding.spec.whatwg.org/#interface-textencoderstream */
export class TextEncoderStream {
  readonly #pair: { readonly readable: Stream; readonly writable: object };

  constructor() {
    const { TransformStream } = useStreams();
    /** The first half of a character whose second half may come with the next chunk. */
    let held = '';
    this.#pair = new TransformStream({
      transform(chunk: unknown, controller: TransformController) {
        const text = `${held}${chunk}`;
        const isHalf = /[\ud800-\udbff]$/.test(text);
        held = isHalf ? text.slice(-1) : '';
        const whole = isHalf ? text.slice(0, -1) : text;
        if (whole !== '') controller.enqueue(runtime.encodeUtf8(whole));
      },
      flush(controller: TransformController) {
        if (held !== '') controller.enqueue(runtime.encodeUtf8(held));
      },
    });
  }

  get encoding(): string {
    void this.#pair;
    return 'utf-8';
  }

  get readable(): Stream {
    return this.#pair.readable;
  }

  get writable(): object {
    return this.#pair.writable;
  }
}
defineInterface(TextEncoderStream, 'TextEncoderStream');
