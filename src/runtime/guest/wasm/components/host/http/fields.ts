/** Header fields of wasi:http: names in lower case, values as bytes. */
import type { Variant } from '../../codec.ts';
import { failed, ok } from '../state.ts';

export type Field = readonly [name: string, value: Uint8Array];

const MAX_FIELDS = 1_000;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Those that are of the connection, which no component has. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Cases of `header-error`. */
const INVALID: Variant = failed({ tag: 0, value: undefined });
const NOT_ALLOWED: Variant = failed({ tag: 1, value: undefined });
const IMMUTABLE: Variant = failed({ tag: 2, value: undefined });

export class Fields {
  #fields: readonly Field[];
  readonly #isImmutable: boolean;

  constructor(fields: readonly Field[] = [], isImmutable = false) {
    this.#fields = fields;
    this.#isImmutable = isImmutable;
  }

  /** A `result` of fields that may be changed. */
  static from(entries: readonly Field[]): Variant {
    const fields = new Fields();
    for (const [name, value] of entries) {
      const added = fields.append(name, value);
      if (added.tag !== 0) return added;
    }
    return ok(fields);
  }

  get entries(): readonly Field[] {
    return this.#fields;
  }

  /** The same, as nobody may change it. */
  get view(): Fields {
    return new Fields(this.#fields, true);
  }

  get(name: string): Uint8Array[] {
    const wanted = name.toLowerCase();
    return this.#fields.flatMap(([each, value]) => (each === wanted ? [value] : []));
  }

  set(name: string, values: readonly Uint8Array[]): Variant {
    return this.#change(name, values, (wanted) => [
      ...this.#fields.filter(([each]) => each !== wanted),
      ...values.map((value): Field => [wanted, value]),
    ]);
  }

  append(name: string, value: Uint8Array): Variant {
    return this.#change(name, [value], (wanted) => [...this.#fields, [wanted, value]]);
  }

  delete(name: string): Variant {
    return this.#change(name, [], (wanted) => this.#fields.filter(([each]) => each !== wanted));
  }

  #change(name: string, values: readonly Uint8Array[], make: (wanted: string) => readonly Field[]): Variant {
    if (this.#isImmutable) return IMMUTABLE;
    if (!NAME.test(name) || !values.every(isValue)) return INVALID;
    const wanted = name.toLowerCase();
    if (FORBIDDEN.has(wanted)) return NOT_ALLOWED;
    if (this.#fields.length + values.length > MAX_FIELDS)
      throw new RangeError(`It has more than ${MAX_FIELDS} header fields`);
    this.#fields = make(wanted);
    return ok();
  }
}

/** Bytes of a field value: no control characters but the tab. */
function isValue(value: Uint8Array): boolean {
  return value.every((byte) => byte === 9 || (byte >= 0x20 && byte !== 0x7f));
}

export function toText(value: Uint8Array): string {
  let text = '';
  for (const byte of value) text += String.fromCharCode(byte);
  return text;
}

export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}
