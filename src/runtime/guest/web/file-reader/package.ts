/** What a blob's bytes are read as. https://w3c.github.io/FileAPI/#blob-package-data */

interface Decoder {
  decode(bytes: Uint8Array): string;
}
type DecoderClass = new (label: string) => Decoder;

export type Package = (
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  encoding: string | undefined,
) => string | ArrayBuffer;

export const toArrayBuffer: Package = (bytes) => bytes.slice().buffer;

/** Each byte as the character of that number. */
export const toBinaryString: Package = (bytes) => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8_192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
};

export const toDataUrl: Package = (bytes, type, encoding) => {
  const { btoa } = runtime.use('base64') as { btoa(text: string): string };
  const media = type === '' ? 'application/octet-stream' : type;
  return `data:${media};base64,${btoa(`${toBinaryString(bytes, type, encoding)}`)}`;
};

/** By the byte order mark, else by what the reader asks for, else as the type of the blob says, else by UTF-8. */
export const toText: Package = (bytes, type, encoding) =>
  decoderOf(markedEncoding(bytes), encoding, charsetOf(type)).decode(bytes);

function markedEncoding([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xff && second === 0xfe ? 'utf-16le' : undefined;
}

function charsetOf(type: string): string | undefined {
  return /;\s*charset="?([^\s";]+)/i.exec(type)?.[1];
}

/** By the first label that names an encoding. */
function decoderOf(...labels: readonly (string | undefined)[]): Decoder {
  const { TextDecoder } = runtime.use('encoding') as { TextDecoder: DecoderClass };
  for (const label of labels) {
    if (label === undefined) continue;
    try {
      return new TextDecoder(label);
    } catch {
      // It names no encoding: the next one counts.
    }
  }
  return new TextDecoder('utf-8');
}
