import { defineInterface, viewBytes } from '../shared/idl.ts';
import { type Stream, type TransformController, useStreams } from '../shared/stream-types.ts';
import { readFormat } from './format.ts';
import { Inflater } from './inflater.ts';

/** https://compression.spec.whatwg.org/#decompression-stream */
export class DecompressionStream {
  readonly #pair: { readonly readable: Stream; readonly writable: object };

  constructor(_format: unknown) {
    let output: TransformController | undefined;
    const inflater = new Inflater(readFormat(arguments, 'DecompressionStream'), (bytes) =>
      output?.enqueue(bytes),
    );
    const { TransformStream } = useStreams();
    this.#pair = new TransformStream({
      transform(chunk: unknown, controller: TransformController) {
        const bytes = viewBytes(chunk);
        if (bytes === undefined) throw new TypeError('A chunk to decompress is bytes');
        output = controller;
        inflater.push(bytes);
      },
      flush() {
        inflater.finish();
      },
    });
  }

  get readable(): Stream {
    return this.#pair.readable;
  }

  get writable(): object {
    return this.#pair.writable;
  }
}
defineInterface(DecompressionStream, 'DecompressionStream');
