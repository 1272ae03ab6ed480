import { createReadStream } from 'node:fs';
import { HairspringError, SECRET_LIMITS } from '../../core/index.ts';
import { unreadable } from '../shell/unreadable.ts';
import { readHidden } from './read-hidden.ts';

/** One more, so that what is too long is seen to be; and a line break at the end, which does not count. */
const MOST_BYTES = SECRET_LIMITS.valueBytes + 3;

/**
 * The value of a secret: from `file`, else from standard input, which at a terminal is a prompt.
 * @returns undefined when the prompt is interrupted
 * @throws HS_USAGE when there is none, or a file that cannot be read; HS_SECRET_INVALID when it is no text
 */
export async function readSecretValue(name: string, file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return await readSecretFile(name, file);
  if (process.stdin.isTTY === true) return await readHidden(`Value of ${name} (not shown): `);
  const text = decode(name, await readStart(process.stdin));
  return text.replace(/\r?\n$/, '');
}

/** @throws HS_USAGE when it cannot be read; HS_SECRET_INVALID when it is no text */
export async function readSecretFile(name: string, file: string, option = '--file'): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readStart(createReadStream(file));
  } catch (cause) {
    throw unreadable(file, option, cause);
  }
  return decode(name, bytes);
}

/** All of it, or more than a value may have. It may be a pipe, which gives what it has in parts. */
async function readStart(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks);
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // What is too long may have been cut in the middle of a character; either way it is refused.
    if (bytes.byteLength >= MOST_BYTES) return ' '.repeat(MOST_BYTES);
    throw new HairspringError(
      'HS_SECRET_INVALID',
      `Cannot set secret "${name}": its value is no UTF-8 text`,
      {
        hint: 'Encode bytes as text first, such as with base64',
      },
    );
  }
}
