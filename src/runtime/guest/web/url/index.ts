/** URLs, which the host parses, and their parameters. https://url.spec.whatwg.org */
export { URL } from './url.ts';
export { URLSearchParams } from './url-search-params.ts';
