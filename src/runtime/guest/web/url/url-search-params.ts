import { defineInterface, requireArguments, toSequence, toUsvString } from '../shared/idl.ts';
import { definePairIteration } from '../shared/pair-iteration.ts';
import { type Pair, parsePairs, serializePairs } from './form-urlencoded.ts';

function readInit(init: unknown): Pair[] {
  if ((typeof init !== 'object' || init === null) && typeof init !== 'function') {
    const text = toUsvString(init);
    return parsePairs(text.startsWith('?') ? text.slice(1) : text);
  }
  const iterate: unknown = Reflect.get(init, Symbol.iterator);
  if (iterate !== undefined && iterate !== null) {
    return toSequence(init, 'The argument of URLSearchParams').map((item) => {
      if ((typeof item !== 'object' || item === null) && typeof item !== 'function')
        throw new TypeError('Each entry of URLSearchParams is a sequence');
      const pair = toSequence(item, 'Each entry of URLSearchParams');
      if (pair.length !== 2) throw new TypeError('Each entry of URLSearchParams is a name and a value');
      return [toUsvString(pair[0]), toUsvString(pair[1])];
    });
  }
  const pairs = new Map<string, string>();
  for (const key of Reflect.ownKeys(init)) {
    const isEnumerable = Reflect.getOwnPropertyDescriptor(init, key)?.enumerable === true;
    // A symbol cannot become a string: that throws.
    if (isEnumerable)
      pairs.set(
        toUsvString(typeof key === 'symbol' ? String(key as never) : key),
        toUsvString(Reflect.get(init, key)),
      );
  }
  return [...pairs];
}

/** https://url.spec.whatwg.org/#interface-urlsearchparams */
export class URLSearchParams {
  #pairs: Pair[];
  /** The URL whose query this is hears of every change. */
  #changed: ((query: string) => void) | undefined;

  constructor(init: unknown = '') {
    this.#pairs = readInit(init);
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: unknown, value: unknown): void {
    requireArguments(arguments.length, 2, 'URLSearchParams.append');
    this.#pairs.push([toUsvString(name), toUsvString(value)]);
    this.#update();
  }

  delete(name: unknown, value: unknown = undefined): void {
    const pairs = this.#pairs;
    requireArguments(arguments.length, 1, 'URLSearchParams.delete');
    const matches = matcher(name, value);
    this.#pairs = pairs.filter((pair) => !matches(pair));
    this.#update();
  }

  get(name: unknown): string | null {
    const pairs = this.#pairs;
    requireArguments(arguments.length, 1, 'URLSearchParams.get');
    const wanted = toUsvString(name);
    return pairs.find(([each]) => each === wanted)?.[1] ?? null;
  }

  getAll(name: unknown): string[] {
    const pairs = this.#pairs;
    requireArguments(arguments.length, 1, 'URLSearchParams.getAll');
    const wanted = toUsvString(name);
    return pairs.filter(([each]) => each === wanted).map(([, value]) => value);
  }

  has(name: unknown, value: unknown = undefined): boolean {
    const pairs = this.#pairs;
    requireArguments(arguments.length, 1, 'URLSearchParams.has');
    return pairs.some(matcher(name, value));
  }

  set(name: unknown, value: unknown): void {
    const pairs = this.#pairs;
    requireArguments(arguments.length, 2, 'URLSearchParams.set');
    const wanted = toUsvString(name);
    const text = toUsvString(value);
    const first = pairs.find(([each]) => each === wanted);
    if (first === undefined) pairs.push([wanted, text]);
    else {
      first[1] = text;
      this.#pairs = pairs.filter((pair) => pair === first || pair[0] !== wanted);
    }
    this.#update();
  }

  sort(): void {
    // By code units, as strings compare.
    this.#pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    this.#update();
  }

  toString(): string {
    return serializePairs(this.#pairs);
  }

  #update(): void {
    this.#changed?.(serializePairs(this.#pairs));
  }

  static pairsOf(params: URLSearchParams): Pair[] {
    return params.#pairs;
  }

  static replaceQuery(params: URLSearchParams, query: string): void {
    params.#pairs = parsePairs(query);
  }

  static bind(query: string, changed: (query: string) => void): URLSearchParams {
    const params = new URLSearchParams();
    params.#pairs = parsePairs(query);
    params.#changed = changed;
    return params;
  }
}
/** The parameters of a URL, which is told of every change. */
export const bindParams = URLSearchParams.bind;
export const { replaceQuery } = URLSearchParams;
definePairIteration(URLSearchParams.prototype, 'URLSearchParams', URLSearchParams.pairsOf);
for (const name of ['bind', 'pairsOf', 'replaceQuery']) Reflect.deleteProperty(URLSearchParams, name);
defineInterface(URLSearchParams, 'URLSearchParams');

function matcher(name: unknown, value: unknown): (pair: Pair) => boolean {
  const wanted = toUsvString(name);
  if (value === undefined) return ([each]) => each === wanted;
  const text = toUsvString(value);
  return ([each, found]) => each === wanted && found === text;
}
