import { isBadPort } from './bad-ports.ts';
import { BodyState, bytesOf } from './body-state.ts';
import { parseDataUrl } from './data-url.ts';
import { type AbortSignalLike, useUrls } from './features.ts';
import { createHeaders, headerFields } from './headers.ts';
import { Request, type RequestState, requestState } from './request.ts';
import { createResponse, type Response } from './response.ts';

/** Makes a host call on one http binding. */
type HttpCaller = <Result>(
  op: string,
  args: (string | number)[],
  payload: unknown,
  convert: (value: unknown, payload: GuestPayload) => Result,
) => Promise<Result>;

interface HostAnswer {
  readonly value: unknown;
  readonly payload: GuestPayload;
}

/** Fetches by the first of the bindings whose grant covers the URL. */
export async function fetchBy(
  callers: ArrayLike<HttpCaller>,
  input: unknown,
  init: unknown,
): Promise<Response> {
  const state = requestState(new Request(input, init));
  const { source } = state;
  if (source?.aborted === true) throw source.reason;
  const url = new (useUrls().URL)(state.url);
  url.hash = '';
  if (url.protocol === 'data:') return fetchData(url.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`There is no fetching "${url.protocol}" URLs`);
  if (isBadPort(url.port)) throw new TypeError(`Port ${url.port} is not one to fetch from`);
  const body = state.body === null ? undefined : await state.body.consume();
  const payload = body?.kind === 'text' ? body.text : body === undefined ? undefined : bytesOf(body);
  return ask(callers, url.href, state, payload);
}

async function ask(
  callers: ArrayLike<HttpCaller>,
  url: string,
  state: RequestState,
  payload: string | Uint8Array | undefined,
): Promise<Response> {
  const { method, words, headers, source } = state;
  const number = Math.floor(Math.random() * 2 ** 52);
  const follows = words.redirect === 'follow' ? 'follow' : 'manual';
  const args = [number, method, url, JSON.stringify(headerFields(headers).flat()), follows];
  let denial: unknown;
  for (let at = 0; at < callers.length; at += 1) {
    const caller = callers[at] as HttpCaller;
    try {
      const call = caller('open', args, payload, (value, answer): HostAnswer => ({ value, payload: answer }));
      return toResponse(
        await (source === undefined ? call : unlessAborted(call, caller, number, source)),
        words.redirect,
      );
    } catch (error) {
      if (!(error instanceof runtime.HostError) || Reflect.get(error, 'code') !== 'HS_BINDING_DENIED')
        throw error;
      denial = error;
    }
  }
  if (callers.length === 1) throw denial;
  const { origin } = new (useUrls().URL)(url);
  throw new runtime.HostError(
    'HS_BINDING_DENIED',
    `Cannot fetch ${origin}: the function has no http binding that covers it; its Nexfile would need one such as WEB: { http: ["${origin}/*"] }`,
    false,
  );
}

/** Rejects with the signal's reason when that comes first, and then tells the host to give up. */
function unlessAborted<Result>(
  call: Promise<Result>,
  caller: HttpCaller,
  number: number,
  signal: AbortSignalLike,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason);
      caller('close', [number], undefined, () => undefined).catch(() => undefined);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const finish = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    call.then(
      (result) => finish(() => resolve(result)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}

function toResponse({ value, payload }: HostAnswer, redirect: string): Response {
  const [status, statusText, url, redirected, fields, bodyId] = value as [
    number,
    string,
    string,
    number,
    string[],
    number | null,
  ];
  const headers = createHeaders(fields, 'immutable');
  if (redirect === 'error' && status >= 300 && status <= 399 && headers.has('location'))
    throw new TypeError('The answer is a redirect, and redirect is "error"');
  return createResponse({
    type: 'basic',
    url,
    redirected: redirected === 1,
    status,
    statusText,
    headers,
    body: bodyId === null ? null : toBody(payload),
  });
}

function toBody(payload: GuestPayload): BodyState {
  if (payload.kind === 1) return new BodyState({ kind: 'text', text: payload.value as string });
  return new BodyState({ kind: 'bytes', bytes: runtime.payloadBytes(payload), shared: false });
}

function fetchData(href: string): Response {
  const data = parseDataUrl(href);
  if (data === undefined) throw new TypeError('The data URL cannot be read');
  return createResponse({
    type: 'basic',
    url: href,
    redirected: false,
    status: 200,
    statusText: 'OK',
    headers: createHeaders(['content-type', data.type], 'immutable'),
    body: new BodyState({ kind: 'bytes', bytes: data.bytes, shared: false }),
  });
}
