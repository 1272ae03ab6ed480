import { defineInterface, toDictionary, viewBytes } from '../shared/idl.ts';
import { createUtf8Decoder, type StreamDecoder } from './utf8.ts';
import { createUtf16Decoder } from './utf16.ts';

/** Labels of the encodings that are at hand. https://encoding.spec.whatwg.org/#names-and-labels */
const UTF8 = ['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8'];
const UTF16LE = ['utf-16le', 'utf-16', 'csunicode', 'iso-10646-ucs-2', 'ucs-2', 'unicode', 'unicodefeff'];
const UTF16BE = ['utf-16be', 'unicodefffe'];

interface Coder extends StreamDecoder {
  readonly encoding: string;
  readonly hasMark: boolean;
}

interface LegacyFeature {
  readonly internals: {
    createDecoder(
      label: string,
      fatal: boolean,
    ): { encoding: string; decode(bytes: Uint8Array, options: { stream: boolean }): string };
  };
}

/** @throws RangeError */
function createCoder(label: string, fatal: boolean): Coder {
  const name = label === 'utf-8' ? label : label.replaceAll(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '').toLowerCase();
  if (UTF8.includes(name)) return { encoding: 'utf-8', hasMark: true, ...createUtf8Decoder(fatal) };
  if (UTF16LE.includes(name))
    return { encoding: 'utf-16le', hasMark: true, ...createUtf16Decoder(false, fatal) };
  if (UTF16BE.includes(name))
    return { encoding: 'utf-16be', hasMark: true, ...createUtf16Decoder(true, fatal) };
  const { internals } = runtime.use('legacy-encoding') as unknown as LegacyFeature;
  let decoder: ReturnType<typeof internals.createDecoder>;
  try {
    decoder = internals.createDecoder(label, fatal);
  } catch {
    throw new RangeError(`The encoding "${label.slice(0, 100)}" is not known`);
  }
  return {
    encoding: decoder.encoding,
    hasMark: false,
    decode: (bytes, stream) => decoder.decode(bytes, { stream }),
  };
}

/** https://encoding.spec.whatwg.org/#interface-textdecoder */
export class TextDecoder {
  readonly #coder: Coder;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  /** Whether the text so far, of the stream that goes on, has begun. */
  #begun = false;

  constructor(label: unknown = 'utf-8', options: unknown = undefined) {
    const name = `${label}`;
    const { fatal, ignoreBOM } = toDictionary(options, 'The options of a TextDecoder');
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
    this.#coder = createCoder(name, this.#fatal);
  }

  get encoding(): string {
    return this.#coder.encoding;
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  decode(input: unknown = undefined, options: unknown = undefined): string {
    const coder = this.#coder;
    const bytes = input === undefined ? new Uint8Array(0) : viewBytes(input);
    if (bytes === undefined) throw new TypeError('TextDecoder.decode takes an ArrayBuffer or a view of one');
    const { stream } = toDictionary(options, 'The options of TextDecoder.decode');
    const goesOn = Boolean(stream);
    const begun = this.#begun;
    // Should it throw, the stream is where it was.
    const text = coder.decode(bytes, goesOn);
    this.#begun = goesOn && (begun || text !== '');
    const isMark = !begun && coder.hasMark && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff;
    return isMark ? text.slice(1) : text;
  }
}
defineInterface(TextDecoder, 'TextDecoder');
