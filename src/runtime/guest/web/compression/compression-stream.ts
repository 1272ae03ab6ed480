import { Deflate } from 'fflate';
import { defineInterface, viewBytes } from '../shared/idl.ts';
import { type Stream, type TransformController, useStreams } from '../shared/stream-types.ts';
import { readFormat, WRAPPINGS } from './format.ts';

/** https://compression.spec.whatwg.org/#compression-stream */
export class CompressionStream {
  readonly #pair: { readonly readable: Stream; readonly writable: object };

  constructor(_format: unknown) {
    const { header, createChecksum, trailer } = WRAPPINGS[readFormat(arguments, 'CompressionStream')];
    const checksum = createChecksum();
    let length = 0;
    let output: TransformController | undefined;
    const emit = (bytes: Uint8Array): void => {
      if (bytes.length > 0) output?.enqueue(bytes);
    };
    const deflate = new Deflate((bytes) => emit(bytes));
    const { TransformStream } = useStreams();
    let hasBegun = false;
    const begin = (controller: TransformController): void => {
      output = controller;
      if (!hasBegun) emit(new Uint8Array(header));
      hasBegun = true;
    };
    this.#pair = new TransformStream({
      transform(chunk: unknown, controller: TransformController) {
        const bytes = viewBytes(chunk);
        if (bytes === undefined) throw new TypeError('A chunk to compress is bytes');
        begin(controller);
        checksum.add(bytes);
        length = (length + bytes.length) >>> 0;
        if (bytes.length > 0) deflate.push(bytes);
      },
      flush(controller: TransformController) {
        begin(controller);
        deflate.push(new Uint8Array(0), true);
        emit(new Uint8Array(trailer(checksum.value(), length)));
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
defineInterface(CompressionStream, 'CompressionStream');
