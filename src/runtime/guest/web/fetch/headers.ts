import { defineInterface, requireArguments, toByteString, toSequence } from '../shared/idl.ts';
import { definePairIteration } from '../shared/pair-iteration.ts';
import { isConnectionHeader, isSafelisted } from './safelist.ts';

/** What a list of headers lets in. */
export type Guard = 'none' | 'request' | 'request-no-cors' | 'response' | 'immutable';

type Field = [name: string, value: string];

export let isHeaders: (value: unknown) => value is Headers;
export let setGuard: (headers: Headers, guard: Guard) => void;
/** All fields as they were given, names in lower case. */
export let headerFields: (headers: Headers) => readonly Field[];
/** Headers of well-formed names and values in turn. */
export let createHeaders: (flat: readonly string[], guard: Guard) => Headers;

/** https://fetch.spec.whatwg.org/#headers-class */
export class Headers {
  #fields: Field[] = [];
  #guard: Guard = 'none';
  /** Sorted and combined, until something changes. */
  #view: readonly Field[] | undefined;

  static {
    isHeaders = (value): value is Headers => typeof value === 'object' && value !== null && #fields in value;
    setGuard = (headers, guard) => {
      headers.#guard = guard;
    };
    headerFields = (headers) => headers.#fields;
    createHeaders = (flat, guard) => {
      const headers = new Headers();
      for (let at = 0; at + 1 < flat.length; at += 2)
        headers.#fields.push([`${flat[at]}`.toLowerCase(), `${flat[at + 1]}`]);
      headers.#guard = guard;
      return headers;
    };
    definePairIteration(Headers.prototype, 'Headers', (headers) => headers.#sorted());
  }

  constructor(init: unknown = undefined) {
    if (init !== undefined) fillHeaders(this, init);
  }

  append(name: unknown, value: unknown): void {
    requireArguments(arguments.length, 2, 'Headers.append');
    this.#append(toByteString(name, 'A header name'), toByteString(value, 'A header value'));
  }

  #append(givenName: string, givenValue: string): void {
    const name = checkName(givenName);
    const value = checkValue(givenValue);
    if (this.#ignores(name)) return;
    if (this.#guard === 'request-no-cors') {
      const earlier = this.get(name);
      if (!isSafelisted(name, earlier === null ? value : `${earlier}, ${value}`)) return;
    }
    this.#view = undefined;
    this.#fields.push([name, value]);
  }

  delete(name: unknown): void {
    requireArguments(arguments.length, 1, 'Headers.delete');
    const wanted = checkName(toByteString(name, 'A header name'));
    if (this.#ignores(wanted)) return;
    if (this.#guard === 'request-no-cors' && !isSafelisted(wanted, '') && wanted !== 'range') return;
    this.#view = undefined;
    this.#fields = this.#fields.filter(([each]) => each !== wanted);
  }

  get(name: unknown): string | null {
    requireArguments(arguments.length, 1, 'Headers.get');
    const wanted = checkName(toByteString(name, 'A header name'));
    let found: string | null = null;
    for (const [each, value] of this.#fields)
      if (each === wanted) found = found === null ? value : `${found}, ${value}`;
    return found;
  }

  getSetCookie(): string[] {
    return this.#fields.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
  }

  has(name: unknown): boolean {
    requireArguments(arguments.length, 1, 'Headers.has');
    const wanted = checkName(toByteString(name, 'A header name'));
    return this.#fields.some(([each]) => each === wanted);
  }

  set(name: unknown, value: unknown): void {
    requireArguments(arguments.length, 2, 'Headers.set');
    const wanted = checkName(toByteString(name, 'A header name'));
    const field: Field = [wanted, checkValue(toByteString(value, 'A header value'))];
    if (this.#ignores(wanted)) return;
    if (this.#guard === 'request-no-cors' && !isSafelisted(wanted, field[1])) return;
    this.#view = undefined;
    const at = this.#fields.findIndex(([each]) => each === wanted);
    if (at === -1) this.#fields.push(field);
    else
      this.#fields = this.#fields.filter(([each], index) => index <= at || each !== wanted).with(at, field);
  }

  /** @throws TypeError when nothing may be changed */
  #ignores(name: string): boolean {
    if (this.#guard === 'immutable') throw new TypeError('These headers cannot be changed');
    return this.#guard.startsWith('request') && isConnectionHeader(name);
  }

  #sorted(): readonly Field[] {
    if (this.#view !== undefined) return this.#view;
    const combined = new Map<string, Field>();
    const cookies: Field[] = [];
    for (const [name, value] of this.#fields) {
      const earlier = combined.get(name);
      if (name === 'set-cookie') cookies.push([name, value]);
      else if (earlier === undefined) combined.set(name, [name, value]);
      else earlier[1] += `, ${value}`;
    }
    // Stable, so that cookies keep their order.
    this.#view = [...combined.values(), ...cookies].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return this.#view;
  }
}
defineInterface(Headers, 'Headers');
const iterateHeaders = Headers.prototype[Symbol.iterator as never];

/** Adds what a `HeadersInit` says. @throws TypeError */
export function fillHeaders(headers: Headers, init: unknown): void {
  if ((typeof init !== 'object' && typeof init !== 'function') || init === null)
    throw new TypeError('Headers are made of an object, or of a sequence of pairs');
  const iterate: unknown = Reflect.get(init, Symbol.iterator);
  if (isHeaders(init) && iterate === iterateHeaders) {
    for (const [name, value] of headerFields(init)) headers.append(name, value);
    return;
  }
  if (iterate === undefined || iterate === null) {
    fillFromRecord(headers, init);
    return;
  }
  const pairs = toSequence(init, 'Headers').map((pair) => toSequence(pair, 'A header'));
  for (const pair of pairs)
    if (pair.length !== 2) throw new TypeError('A header is a pair of a name and a value');
  for (const [name, value] of pairs) headers.append(name, value);
}

function fillFromRecord(headers: Headers, record: object): void {
  const fields = new Map<string, string>();
  for (const key of Reflect.ownKeys(record)) {
    if (Reflect.getOwnPropertyDescriptor(record, key)?.enumerable !== true) continue;
    if (typeof key === 'symbol') throw new TypeError('A header name is not a symbol');
    const name = toByteString(key, 'A header name');
    fields.set(name, toByteString(Reflect.get(record, key), 'A header value'));
  }
  for (const [name, value] of fields) headers.append(name, value);
}

function checkName(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw new TypeError(`"${name}" is not a header name`);
  return name.toLowerCase();
}

function checkValue(value: string): string {
  const trimmed = value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (/[\0\r\n]/.test(trimmed)) throw new TypeError('A header value has no line break and no NUL');
  return trimmed;
}
