import { defineInterface, requireArguments, toUsvString } from '../shared/idl.ts';
import { bindParams, replaceQuery, type URLSearchParams } from './url-search-params.ts';

/** Where the parts of a URL are in its text. */
interface Parts {
  /** Behind the colon of the scheme. */
  readonly scheme: number;
  readonly hasAuthority: boolean;
  readonly userEnd: number;
  readonly hostStart: number;
  readonly hostEnd: number;
  readonly authorityEnd: number;
  readonly pathStart: number;
  readonly pathEnd: number;
  readonly searchEnd: number;
}

const SPECIAL = /^(?:https?|wss?|ftp):$/;

/** Takes apart what the parser has written; there everything else that might end a part is escaped. */
function takeApart(href: string): Parts {
  const scheme = href.indexOf(':') + 1;
  const hashAt = href.indexOf('#', scheme);
  const searchEnd = hashAt === -1 ? href.length : hashAt;
  const queryAt = href.indexOf('?', scheme);
  const pathEnd = queryAt === -1 || queryAt > searchEnd ? searchEnd : queryAt;
  if (!href.startsWith('//', scheme)) {
    // What stands before a path of two slashes so that it is not taken for a host.
    const pathStart = href.startsWith('/.//', scheme) ? scheme + 2 : scheme;
    const at = scheme;
    return {
      scheme,
      hasAuthority: false,
      userEnd: at,
      hostStart: at,
      hostEnd: at,
      authorityEnd: at,
      pathStart,
      pathEnd,
      searchEnd,
    };
  }
  const start = scheme + 2;
  const slash = href.indexOf('/', start);
  const authorityEnd = slash === -1 || slash > pathEnd ? pathEnd : slash;
  const at = href.lastIndexOf('@', authorityEnd - 1);
  const hostStart = at < start ? start : at + 1;
  const colon = href.lastIndexOf(':', authorityEnd - 1);
  const hostEnd = colon < hostStart || href.charAt(authorityEnd - 1) === ']' ? authorityEnd : colon;
  return {
    scheme,
    hasAuthority: true,
    userEnd: Math.max(at, start),
    hostStart,
    hostEnd,
    authorityEnd,
    pathStart: authorityEnd,
    pathEnd,
    searchEnd,
  };
}

/** https://url.spec.whatwg.org/#url-class */
export class URL {
  #href: string;
  #parts: Parts | undefined;
  #params: URLSearchParams | undefined;

  constructor(url: unknown, base: unknown = undefined) {
    requireArguments(arguments.length, 1, 'URL');
    const href = parseHref(url, base);
    if (href === undefined) throw new TypeError(`The URL is not valid: ${toUsvString(url).slice(0, 200)}`);
    this.#href = href;
  }

  static parse(url: unknown, base: unknown = undefined): URL | null {
    requireArguments(arguments.length, 1, 'URL.parse');
    const href = parseHref(url, base);
    return href === undefined ? null : new URL(href);
  }

  static canParse(url: unknown, base: unknown = undefined): boolean {
    requireArguments(arguments.length, 1, 'URL.canParse');
    return parseHref(url, base) !== undefined;
  }

  get href(): string {
    return this.#href;
  }
  set href(value: unknown) {
    void this.#href;
    const href = parseHref(value, undefined);
    if (href === undefined) throw new TypeError(`The URL is not valid: ${toUsvString(value).slice(0, 200)}`);
    this.#replace(href);
  }
  get origin(): string {
    const protocol = this.#href.slice(0, this.#split().scheme);
    if (SPECIAL.test(protocol)) return `${protocol}//${this.host}`;
    if (protocol !== 'blob:') return 'null';
    const inner = URL.parse(this.pathname);
    return inner !== null && /^https?:$/.test(inner.protocol) ? inner.origin : 'null';
  }
  get protocol(): string {
    return this.#href.slice(0, this.#split().scheme);
  }
  set protocol(value: unknown) {
    this.#set('protocol', value);
  }
  get username(): string {
    const { scheme, hasAuthority, userEnd } = this.#split();
    if (!hasAuthority) return '';
    return this.#href.slice(scheme + 2, userEnd).split(':', 1)[0] ?? '';
  }
  set username(value: unknown) {
    this.#set('username', value);
  }
  get password(): string {
    const { scheme, hasAuthority, userEnd } = this.#split();
    const colon = hasAuthority ? this.#href.indexOf(':', scheme + 2) : -1;
    return colon === -1 || colon >= userEnd ? '' : this.#href.slice(colon + 1, userEnd);
  }
  set password(value: unknown) {
    this.#set('password', value);
  }
  get host(): string {
    const { hostStart, authorityEnd } = this.#split();
    return this.#href.slice(hostStart, authorityEnd);
  }
  set host(value: unknown) {
    this.#set('host', value);
  }
  get hostname(): string {
    const { hostStart, hostEnd } = this.#split();
    return this.#href.slice(hostStart, hostEnd);
  }
  set hostname(value: unknown) {
    this.#set('hostname', value);
  }
  get port(): string {
    const { hostEnd, authorityEnd } = this.#split();
    return this.#href.slice(hostEnd + 1, authorityEnd);
  }
  set port(value: unknown) {
    this.#set('port', value);
  }
  get pathname(): string {
    const { pathStart, pathEnd } = this.#split();
    return this.#href.slice(pathStart, pathEnd);
  }
  set pathname(value: unknown) {
    this.#set('pathname', value);
  }
  get search(): string {
    const { pathEnd, searchEnd } = this.#split();
    return searchEnd - pathEnd < 2 ? '' : this.#href.slice(pathEnd, searchEnd);
  }
  set search(value: unknown) {
    this.#set('search', value);
  }
  get searchParams(): URLSearchParams {
    this.#params ??= bindParams(this.search.slice(1), (query) => this.#setQuery(query));
    return this.#params;
  }
  get hash(): string {
    const { searchEnd } = this.#split();
    return this.#href.length - searchEnd < 2 ? '' : this.#href.slice(searchEnd);
  }
  set hash(value: unknown) {
    this.#set('hash', value);
  }
  toString(): string {
    return this.#href;
  }
  toJSON(): string {
    return this.#href;
  }

  #split(): Parts {
    this.#parts ??= takeApart(this.#href);
    return this.#parts;
  }

  #set(name: string, value: unknown): void {
    void this.#href;
    const href = runtime.door('url-set', this.#href, name, toUsvString(value));
    if (typeof href === 'string') this.#replace(href);
  }

  #replace(href: string): void {
    this.#href = href;
    this.#parts = undefined;
    if (this.#params !== undefined) replaceQuery(this.#params, this.search.slice(1));
  }

  /** The query of the parameters needs no more escapes. */
  #setQuery(query: string): void {
    const { pathEnd, searchEnd } = this.#split();
    const path = this.#href.slice(0, pathEnd);
    this.#href = `${path}${query === '' ? '' : `?${query}`}${this.#href.slice(searchEnd)}`;
    this.#parts = undefined;
  }
}
defineInterface(URL, 'URL');

function parseHref(url: unknown, base: unknown): string | undefined {
  const text = toUsvString(url);
  const href =
    base === undefined ? runtime.door('url-parse', text) : runtime.door('url-parse', text, toUsvString(base));
  return href as string | undefined;
}
