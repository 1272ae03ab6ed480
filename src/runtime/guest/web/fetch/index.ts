/** Headers, Request and Response, fetching by an http binding, and answering requests. https://fetch.spec.whatwg.org */
import { fetchBy } from './fetch.ts';
import { answer, receive } from './serve.ts';

export { Headers } from './headers.ts';
export { Request } from './request.ts';
export { Response } from './response.ts';

export const internals = { fetchBy, receive, answer };
