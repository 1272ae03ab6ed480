import { HairspringError } from '../../core/index.ts';
import { type Answer, type ExchangeOptions, exchange, type OutgoingRequest } from './exchange.ts';
import { type HttpGrant, parseUrl, refusalOf, showUrl } from './grant.ts';
import { HTTP_LIMITS } from './limits.ts';
import { redirectHeaders } from './request-headers.ts';
import { type Resolver, resolveAllowed } from './resolve.ts';
import { Upload } from './upload.ts';

export interface FollowOptions extends Omit<ExchangeOptions, 'addresses' | 'wantsBody'> {
  readonly grant: HttpGrant;
  readonly resolve: Resolver;
  /** Whether redirects are followed, or handed on as they are. */
  readonly follow: boolean;
  /** Told of each redirect that is followed, or refused as the last one. */
  readonly onRedirect?: ((method: string, url: URL) => void) | undefined;
}

export interface FollowedAnswer extends Answer {
  readonly url: URL;
  readonly redirected: boolean;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Sends a request that its grant covers, and follows redirects; each is checked as the first URL was.
 * @throws HS_HTTP_ADDRESS_DENIED, HS_HTTP_REDIRECT_DENIED, and what {@link exchange} throws
 */
export async function follow(first: OutgoingRequest, options: FollowOptions): Promise<FollowedAnswer> {
  const { grant, resolve, signal } = options;
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    signal.throwIfAborted();
    const addresses = await unlessAborted(resolveAllowed(grant, request.url, resolve), signal);
    const answer = await exchange(request, {
      ...options,
      addresses,
      wantsBody: (status, location) => !options.follow || !isRedirect(status, location),
    });
    if (!options.follow || !isRedirect(answer.status, answer.location))
      return { ...answer, url: request.url, redirected: redirects > 0 };
    if (redirects === HTTP_LIMITS.redirects)
      throw denied(first.url, `it was redirected more than ${HTTP_LIMITS.redirects} times`);
    request = redirect(request, answer);
    options.onRedirect?.(request.method, request.url);
    const refusal = refusalOf(grant, request.method, request.url);
    if (refusal !== undefined)
      throw denied(first.url, `it is redirected to ${showUrl(request.url)}, and ${refusal}`);
  }
}

function isRedirect(status: number, location: string | undefined): boolean {
  return location !== undefined && REDIRECTS.includes(status);
}

/** https://fetch.spec.whatwg.org/#http-redirect-fetch */
function redirect(request: OutgoingRequest, { status, location = '' }: Answer): OutgoingRequest {
  const target = URL.parse(location, request.url);
  let url: URL;
  try {
    url = parseUrl(target?.href);
  } catch {
    throw denied(request.url, 'it is redirected to what is no http or https URL');
  }
  const { method, body } = request;
  if (body instanceof Upload && status !== 303)
    throw denied(
      request.url,
      `it is redirected with status ${status}, and a body that is a stream is not sent twice`,
    );
  const dropsBody =
    (method === 'POST' && (status === 301 || status === 302)) ||
    (status === 303 && method !== 'GET' && method !== 'HEAD');
  return {
    method: dropsBody ? 'GET' : method,
    url,
    headers: redirectHeaders(request.headers, { dropsBody, leavesOrigin: url.origin !== request.url.origin }),
    body: dropsBody ? undefined : body,
  };
}

function denied(url: URL, reason: string): HairspringError {
  return new HairspringError('HS_HTTP_REDIRECT_DENIED', `Cannot fetch ${showUrl(url)}: ${reason}`);
}

/** A look-up cannot be called off; its result is dropped. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
