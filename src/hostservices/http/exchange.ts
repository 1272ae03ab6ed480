import type * as http from 'node:http';
import type { LookupFunction } from 'node:net';
import { type Clock, HairspringError, nodeHttp, nodeHttps } from '../../core/index.ts';
import type { Agents } from './agents.ts';
import type { ByteMeter } from './byte-meter.ts';
import { showUrl } from './grant.ts';
import { codeOf, toHttpError } from './http-errors.ts';
import { HTTP_LIMITS } from './limits.ts';
import type { RequestHeaders } from './request-headers.ts';
import type { ResolvedAddress } from './resolve.ts';
import { ResponseBody } from './response-body.ts';
import { Upload } from './upload.ts';

/** One request to one server, redirects not followed. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: RequestHeaders;
  readonly body: string | Uint8Array | Upload | undefined;
}

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly location: string | undefined;
  readonly body: ResponseBody | undefined;
}

export interface ExchangeOptions {
  readonly agents: Agents;
  /** Where to connect to, and nowhere else. */
  readonly addresses: readonly ResolvedAddress[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly meter: ByteMeter;
  /** Whether the body of an answer is wanted. */
  readonly wantsBody: (status: number, location: string | undefined) => boolean;
}

/** Methods that may be sent again when a kept connection turns out to be closed. */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Sends a request and reads the headers of its answer.
 * @throws the signal's reason; HS_HTTP_TOO_LARGE, HS_HTTP_UNREACHABLE
 */
export async function exchange(request: OutgoingRequest, options: ExchangeOptions): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    const { outgoing, answered, malformed } = send(request, options);
    try {
      return receive(await answered, malformed, request, options);
    } catch (error) {
      outgoing.destroy();
      if (options.signal.aborted) throw options.signal.reason;
      const wasClosed = outgoing.reusedSocket && codeOf(error) === 'ECONNRESET';
      if (!wasClosed || attempt > 0 || !isRepeatable(request)) throw toHttpError(error, request.url);
    }
  }
}

interface Sent {
  readonly outgoing: http.ClientRequest;
  readonly answered: Promise<http.IncomingMessage>;
  /** What the parser says against the answer; the body of that is only told that it is cut. */
  readonly malformed: () => unknown;
}

function isRepeatable({ method, body }: OutgoingRequest): boolean {
  return REPEATABLE.has(method) && !(body instanceof Upload);
}

function send(
  { method, url, headers, body }: OutgoingRequest,
  { agents, addresses, signal }: ExchangeOptions,
): Sent {
  const isSecure = url.protocol === 'https:';
  const outgoing = (isSecure ? nodeHttps() : nodeHttp()).request({
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 443 : 80) : url.port,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { ...headers, host: url.host, ...framing(method, body) },
    agent: isSecure ? agents.https : agents.http,
    lookup: pinned(addresses),
    maxHeaderSize: HTTP_LIMITS.responseHeaderBytes,
    signal,
  });
  // One more than allowed, since the rest is left out without a word.
  outgoing.maxHeadersCount = HTTP_LIMITS.responseHeaders + 1;
  let failure: unknown;
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    // Stays: a second error after the answer must not bring the cell down.
    outgoing.on('error', (error) => {
      if (codeOf(error).startsWith('HPE_')) failure ??= error;
      reject(error);
    });
    outgoing.once('close', () => reject(new Error('the connection was closed')));
  });
  // Whoever is not waiting for it any more has given the request up.
  answered.catch(() => undefined);
  if (body instanceof Upload) body.attach(outgoing);
  else outgoing.end(body);
  return { outgoing, answered, malformed: () => failure };
}

function framing(method: string, body: OutgoingRequest['body']): RequestHeaders {
  if (body instanceof Upload) return { 'transfer-encoding': 'chunked' };
  const length = body === undefined ? 0 : Buffer.byteLength(body);
  const hasNone = length === 0 && (method === 'GET' || method === 'HEAD');
  return hasNone ? {} : { 'content-length': String(length) };
}

/** Answers every look-up with the addresses that have been checked. */
function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  };
}

function receive(
  response: http.IncomingMessage,
  malformed: () => unknown,
  { method, url }: OutgoingRequest,
  { wantsBody, ...options }: ExchangeOptions,
): Answer {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders: headers } = response;
  if (headers.length / 2 > HTTP_LIMITS.responseHeaders)
    throw new HairspringError(
      'HS_HTTP_TOO_LARGE',
      `Cannot fetch ${showUrl(url)}: its answer has more than ${HTTP_LIMITS.responseHeaders} headers`,
    );
  // A connection that breaks after its answer is no longer of interest must not bring the cell down.
  response.on('error', () => undefined);
  const { location } = response.headers;
  const answer = { status, statusText, headers, location };
  const isEmpty = method === 'HEAD' || status === 204 || status === 304;
  if (isEmpty || status === 205 || !wantsBody(status, location)) {
    // Where nothing comes any more the connection can be used again; what does come nobody would read or bound.
    if (isEmpty || Number(response.headers['content-length']) === 0) response.resume();
    else response.destroy();
    return { ...answer, body: undefined };
  }
  return { ...answer, body: new ResponseBody(response, url, { ...options, malformed }) };
}
