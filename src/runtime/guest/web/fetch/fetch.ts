import { asDecoded } from '../shared/decoded.ts';
import type { StreamReader } from '../shared/stream-types.ts';
import { isBadPort } from './bad-ports.ts';
import { BodyState, bytesOf } from './body-state.ts';
import { parseDataUrl } from './data-url.ts';
import { type AbortSignalLike, useUrls } from './features.ts';
import { createHeaders, headerFields } from './headers.ts';
import { closeRequest, HostBody, type HttpCaller, sourceOf } from './host-body.ts';
import { Request, type RequestState, requestState } from './request.ts';
import { createResponse, type Response } from './response.ts';
import { upload } from './upload.ts';

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
  if (state.body !== null && state.body.source === undefined)
    return send(callers, url.href, state, state.body);
  const body = await state.body?.consume();
  const payload = body?.kind === 'text' ? body.text : body === undefined ? undefined : bytesOf(body);
  return ask(callers, url.href, state, payload);
}

/** With a body that is a stream. */
async function send(
  callers: ArrayLike<HttpCaller>,
  url: string,
  state: RequestState,
  body: BodyState,
): Promise<Response> {
  const reader = body.stream.getReader();
  try {
    return await ask(callers, url, state, undefined, reader);
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

async function ask(
  callers: ArrayLike<HttpCaller>,
  url: string,
  state: RequestState,
  payload: string | Uint8Array | undefined,
  reader?: StreamReader,
): Promise<Response> {
  const { method, words, headers, source } = state;
  const number = Math.floor(Math.random() * 2 ** 52);
  const follows = words.redirect === 'follow' ? 'follow' : 'manual';
  const fields = JSON.stringify(headerFields(headers).flat());
  const args = [number, method, url, fields, follows, reader === undefined ? 0 : 1];
  let denial: unknown;
  for (let at = 0; at < callers.length; at += 1) {
    const caller = callers[at] as HttpCaller;
    // Whoever listens from here on is not told of what was before.
    if (source?.aborted === true) throw source.reason;
    try {
      const opened = caller(
        'open',
        args,
        payload,
        (value, answer): HostAnswer => ({ value, payload: answer }),
      );
      const call = reader === undefined ? opened : Promise.race([opened, upload(caller, number, reader)]);
      const answer = await (source === undefined ? call : unlessAborted(call, caller, number, source));
      return toResponse(answer, words.redirect, caller, number, source);
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
      closeRequest(caller, number);
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

function toResponse(
  { value, payload }: HostAnswer,
  redirect: string,
  caller: HttpCaller,
  number: number,
  signal: AbortSignalLike | undefined,
): Response {
  const [status, statusText, url, redirected, fields, handle] = value as [
    number,
    string,
    string,
    number,
    string[],
    number | null,
  ];
  const headers = createHeaders(asDecoded(fields), 'immutable');
  if (redirect === 'error' && status >= 300 && status <= 399 && headers.has('location')) {
    closeRequest(caller, number);
    throw new TypeError('The answer is a redirect, and redirect is "error"');
  }
  let body: BodyState | null = null;
  if (handle === 0) body = new BodyState(sourceOf(payload));
  else if (handle !== null)
    body = new BodyState(undefined, undefined, new HostBody(caller, number, handle, signal));
  return createResponse({
    type: 'basic',
    url,
    redirected: redirected === 1,
    status,
    statusText,
    headers,
    body,
  });
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
