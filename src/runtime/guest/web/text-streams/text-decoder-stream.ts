import { defineInterface, toDictionary, viewBytes } from '../shared/idl.ts';
import { type Stream, type TransformController, useStreams } from '../shared/stream-types.ts';

interface Decoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: Uint8Array, options?: { readonly stream: boolean }): string;
}

type DecoderClass = new (label: string, options: { fatal: boolean; ignoreBOM: boolean }) => Decoder;

/** https://encoding.spec.whatwg.org/#interface-textdecoderstream */
export class TextDecoderStream {
  readonly #decoder: Decoder;
  readonly #pair: { readonly readable: Stream; readonly writable: object };

  constructor(label: unknown = 'utf-8', options: unknown = undefined) {
    const { fatal, ignoreBOM } = toDictionary(options, 'The options of a TextDecoderStream');
    const TextDecoder = Reflect.get(globalThis, 'TextDecoder') as DecoderClass;
    const decoder = new TextDecoder(`${label}`, { fatal: Boolean(fatal), ignoreBOM: Boolean(ignoreBOM) });
    const { TransformStream } = useStreams();
    this.#decoder = decoder;
    this.#pair = new TransformStream({
      transform(chunk: unknown, controller: TransformController) {
        const bytes = viewBytes(chunk);
        if (bytes === undefined) throw new TypeError('A chunk to decode is bytes');
        const text = decoder.decode(bytes, { stream: true });
        if (text !== '') controller.enqueue(text);
      },
      flush(controller: TransformController) {
        const text = decoder.decode();
        if (text !== '') controller.enqueue(text);
      },
    });
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }

  get readable(): Stream {
    return this.#pair.readable;
  }

  get writable(): object {
    return this.#pair.writable;
  }
}
defineInterface(TextDecoderStream, 'TextDecoderStream');
