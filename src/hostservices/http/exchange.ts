import type * as http from 'node:http';
import type { LookupFunction } from 'node:net';
import { HairspringError, nodeHttp, nodeHttps } from '../../core/index.ts';
import type { Agents } from './agents.ts';
import type { ByteMeter } from './byte-meter.ts';
import { showUrl } from './grant.ts';
import { HTTP_LIMITS } from './limits.ts';
import { readBody } from './read-body.ts';
import type { RequestHeaders } from './request-headers.ts';
import type { ResolvedAddress } from './resolve.ts';

/** One request to one server, redirects not followed. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: RequestHeaders;
  readonly body: string | Uint8Array | undefined;
}

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly location: string | undefined;
  readonly body: Buffer | undefined;
}

export interface ExchangeOptions {
  readonly agents: Agents;
  /** Where to connect to, and nowhere else. */
  readonly addresses: readonly ResolvedAddress[];
  readonly signal: AbortSignal;
  readonly meter: ByteMeter;
  /** Whether the body of an answer is wanted. */
  readonly wantsBody: (status: number, location: string | undefined) => boolean;
}

/** Methods that may be sent again when a kept connection turns out to be closed. */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Sends a request and reads the whole answer.
 * @throws the signal's reason; HS_HTTP_TOO_LARGE, HS_HTTP_LIMIT, HS_HTTP_UNREACHABLE
 */
export async function exchange(request: OutgoingRequest, options: ExchangeOptions): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    const { outgoing, answered } = send(request, options);
    try {
      return await receive(await answered, request, options);
    } catch (error) {
      outgoing.destroy();
      if (options.signal.aborted) throw options.signal.reason;
      const wasClosed = outgoing.reusedSocket && codeOf(error) === 'ECONNRESET';
      if (!wasClosed || attempt > 0 || !REPEATABLE.has(request.method)) throw toHttpError(error, request.url);
    }
  }
}

function send(
  { method, url, headers, body }: OutgoingRequest,
  { agents, addresses, signal }: ExchangeOptions,
): { outgoing: http.ClientRequest; answered: Promise<http.IncomingMessage> } {
  const isSecure = url.protocol === 'https:';
  const length = body === undefined ? 0 : Buffer.byteLength(body);
  const outgoing = (isSecure ? nodeHttps() : nodeHttp()).request({
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 443 : 80) : url.port,
    path: `${url.pathname}${url.search}`,
    method,
    headers:
      length > 0 || (method !== 'GET' && method !== 'HEAD')
        ? { ...headers, host: url.host, 'content-length': String(length) }
        : { ...headers, host: url.host },
    agent: isSecure ? agents.https : agents.http,
    lookup: pinned(addresses),
    maxHeaderSize: HTTP_LIMITS.responseHeaderBytes,
    signal,
  });
  // One more than allowed, since the rest is left out without a word.
  outgoing.maxHeadersCount = HTTP_LIMITS.responseHeaders + 1;
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    // Stays: a second error after the answer must not bring the cell down.
    outgoing.on('error', reject);
    outgoing.once('close', () => reject(new Error('the connection was closed')));
  });
  outgoing.end(body);
  return { outgoing, answered };
}

/** Answers every look-up with the addresses that have been checked. */
function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  };
}

async function receive(
  response: http.IncomingMessage,
  { method, url }: OutgoingRequest,
  { wantsBody, meter }: ExchangeOptions,
): Promise<Answer> {
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
  if (method === 'HEAD' || status === 204 || status === 205 || status === 304) {
    response.resume();
    return { ...answer, body: undefined };
  }
  if (!wantsBody(status, location)) {
    response.destroy();
    return { ...answer, body: undefined };
  }
  return { ...answer, body: await readBody(response, showUrl(url), meter) };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What is said of failures; nothing of the library's own words, which name addresses. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  EPIPE: 'the connection was closed',
  EPROTO: 'TLS failed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

function toHttpError(error: unknown, url: URL): HairspringError {
  if (HairspringError.is(error)) return error;
  const code = codeOf(error);
  const options = { cause: error };
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HairspringError(
      'HS_HTTP_TOO_LARGE',
      `Cannot fetch ${showUrl(url)}: the headers of its answer are over the limit of ${HTTP_LIMITS.responseHeaderBytes} bytes`,
      options,
    );
  const reason =
    REASONS[code] ??
    (code.startsWith('HPE_') || code.startsWith('Z_') || code.startsWith('ERR_')
      ? `its answer is not what it should be (${code})`
      : 'the connection failed');
  return new HairspringError('HS_HTTP_UNREACHABLE', `Cannot fetch ${showUrl(url)}: ${reason}`, options);
}
