/** Headers, Request and Response, and fetching by an http binding. https://fetch.spec.whatwg.org */
import { fetchBy } from './fetch.ts';

export { Headers } from './headers.ts';
export { Request } from './request.ts';
export { Response } from './response.ts';

export const internals = { fetchBy };
