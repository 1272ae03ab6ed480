import { pipeline, type Readable, type Transform } from 'node:stream';
import { nodeZlib } from '../../core/index.ts';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => nodeZlib().createGunzip(),
  'x-gzip': () => nodeZlib().createGunzip(),
  deflate: () => nodeZlib().createInflate(),
  br: () => nodeZlib().createBrotliDecompress(),
};

/** The encodings of a body, the last one laid on first. None where one is unknown here: it is handed on as it is. */
export function decodersOf(header: string | undefined): readonly string[] {
  const encodings = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  return encodings.every((name) => Object.hasOwn(DECODERS, name)) ? encodings.reverse() : [];
}

export function decodeWith(source: Readable, encodings: readonly string[]): Readable {
  let stream = source;
  for (const name of encodings) {
    const decoder = DECODERS[name]?.();
    // The last stream's own error is what the reader sees.
    if (decoder !== undefined) stream = pipeline(stream, decoder, () => undefined);
  }
  return stream;
}
