import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { HairspringError, nodeZlib } from '../../core/index.ts';
import type { ByteMeter } from './byte-meter.ts';
import { HTTP_LIMITS } from './limits.ts';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => nodeZlib().createGunzip(),
  'x-gzip': () => nodeZlib().createGunzip(),
  deflate: () => nodeZlib().createInflate(),
  br: () => nodeZlib().createBrotliDecompress(),
};

/**
 * The whole body, decoded. Both what comes and what it decodes to are bounded.
 * @throws HS_HTTP_TOO_LARGE, HS_HTTP_LIMIT, and what the stream fails with
 */
export async function readBody(
  response: IncomingMessage,
  shownUrl: string,
  meter: ByteMeter,
): Promise<Buffer> {
  const announced = Number(response.headers['content-length'] ?? 0);
  if (announced > HTTP_LIMITS.responseBytes) throw tooLarge(shownUrl);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of decoded(response, shownUrl)) {
    bytes += chunk.length;
    if (bytes > HTTP_LIMITS.responseBytes) throw tooLarge(shownUrl);
    meter.add(chunk.length);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes);
}

function decoded(response: IncomingMessage, shownUrl: string): Readable {
  const encodings = (response.headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  // What is encoded in a way unknown here is handed on as it is.
  if (encodings.length === 0 || encodings.some((name) => !Object.hasOwn(DECODERS, name))) return response;
  if (encodings.length > HTTP_LIMITS.contentEncodings) throw tooLarge(shownUrl);
  let stream: Readable = counted(response, shownUrl);
  for (const name of encodings.reverse()) {
    const decoder = DECODERS[name]?.();
    // The last stream's own error is what the reader sees.
    if (decoder !== undefined) stream = pipeline(stream, decoder, () => undefined);
  }
  return stream;
}

/** Ends a response that sends much and decodes to little. */
function counted(response: IncomingMessage, shownUrl: string): Readable {
  let received = 0;
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > HTTP_LIMITS.responseBytes) response.destroy(tooLarge(shownUrl));
  });
  return response;
}

function tooLarge(shownUrl: string): HairspringError {
  return new HairspringError(
    'HS_HTTP_TOO_LARGE',
    `Cannot fetch ${shownUrl}: its body, as sent or decoded, is over the limit of ${HTTP_LIMITS.responseBytes} bytes`,
  );
}
