import {
  type Clock,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type HostService,
  type HttpBinding,
  type PreparedBinding,
} from '../../core/index.ts';
import { Handles, type Held } from '../shared/handles.ts';
import { type Agents, createAgents } from './agents.ts';
import { CellMeter } from './byte-meter.ts';
import { type FollowedAnswer, follow } from './follow.ts';
import {
  createGrant,
  type HttpGrant,
  isHttpOperation,
  parseMethod,
  parseUrl,
  refusalOf,
  showUrl,
} from './grant.ts';
import { HTTP_LIMITS } from './limits.ts';
import { LookUps, OwnLookUps } from './look-ups.ts';
import { cancelled, type OpenRequest } from './open-request.ts';
import { OpenRequests } from './open-requests.ts';
import { parseRequestHeaders, withTrace } from './request-headers.ts';
import { type Resolver, systemResolver } from './resolve.ts';
import type { ResponseBody } from './response-body.ts';

export interface HttpServiceOptions {
  readonly clock: Clock;
  /** @default the system's */
  readonly resolve?: Resolver;
  /** @default one of its own */
  readonly meter?: CellMeter;
}

/** The HTTP host service of a cell. */
export function createHttpService({
  clock,
  resolve = systemResolver,
  meter = new CellMeter(),
}: HttpServiceOptions): HostService<HttpBinding> {
  const lookUps = new LookUps(resolve, clock);
  return {
    name: 'http',
    prepare: (label, binding) => new HttpClient(createGrant(label, binding), { clock, lookUps, meter }),
  };
}

interface ClientDependencies {
  readonly clock: Clock;
  readonly lookUps: LookUps;
  readonly meter: CellMeter;
}

/** The body of an answer that a function reads in pieces. */
interface OpenBody extends Held {
  readonly body: ResponseBody;
  readonly request: OpenRequest;
}

const NULL: HostCallResult = { value: null };

/**
 * One http binding of one function. Operations:
 * - `open(number, method, url, headers, redirect, streamed)` with the request's body as payload: sends it and answers
 *   with status, status text, URL, whether it was redirected, headers, and the body: null where there is none, 0 where
 *   it comes whole beside the answer, else its handle;
 * - `write(number)` with the next piece of a body where `streamed` is 1: answers with 1 when it has gone out and more is
 *   wanted, else 0; without a piece it waits for the connection; `finish(number)` after the last one;
 * - `next(handle)` answers with 1 and what comes next, or null at the end; `rest(handle)` with all that is left;
 * - `close(number)`: gives a request up, with both bodies.
 */
class HttpClient implements PreparedBinding {
  readonly #grant: HttpGrant;
  readonly #dependencies: ClientDependencies;
  readonly #requests: OpenRequests;
  readonly #lookUps: OwnLookUps;
  readonly #bodies: Handles<OpenBody>;
  #agents: Agents | undefined;

  constructor(grant: HttpGrant, dependencies: ClientDependencies) {
    this.#grant = grant;
    this.#dependencies = dependencies;
    this.#requests = new OpenRequests(dependencies);
    this.#lookUps = new OwnLookUps(dependencies.lookUps);
    this.#bodies = new Handles({
      what: 'the body of an answer',
      label: grant.label,
      perInvocation: HTTP_LIMITS.requestsPerInvocation,
      perFunction: HTTP_LIMITS.requestsPerFunction,
    });
  }

  async call(call: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const { op, args, payload } = call;
    const [first] = args;
    if (!isHttpOperation(op)) {
      throw new HairspringError(
        'HS_HOST_CALL_INVALID',
        `Cannot call ${this.#grant.label}.${op.slice(0, 100)}: an http binding has no such operation`,
      );
    }
    switch (op) {
      case 'open':
        return await this.#open(call, caller);
      case 'write':
        return { value: (await this.#requests.upload(first).upload.write(payload ?? '')) ? 1 : 0 };
      case 'finish':
        this.#requests.upload(first).request.finishUpload();
        return NULL;
      case 'next':
        return await this.#next(first);
      case 'rest':
        return await this.#rest(first);
      case 'close':
        this.#requests.cancel(first, cancelled('the function asked for that'));
        return NULL;
    }
  }

  ended(callerId: number): void {
    this.#bodies.ended(callerId);
    this.#requests.ended(callerId);
  }

  abandoned(callerId: number): void {
    this.#requests.abandoned(callerId);
  }

  async #open({ args, payload }: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const [number, givenMethod, givenUrl, givenHeaders, redirect, streamed] = args;
    const method = parseMethod(givenMethod);
    const url = parseUrl(givenUrl);
    const refusal = refusalOf(this.#grant, method, url);
    if (refusal !== undefined)
      throw new HairspringError('HS_BINDING_DENIED', `Cannot fetch ${showUrl(url)}: ${refusal}`);
    const headers = withTrace(parseRequestHeaders(givenHeaders), caller);
    const isStreamed = streamed === 1;
    checkBody(method, url, payload, isStreamed);
    const request = this.#requests.begin({ number, url, caller, isStreamed });
    const { clock } = this.#dependencies;
    this.#agents ??= createAgents();
    try {
      // Also what the answer will need: there must be no refusal for want of room once the server has been asked.
      request.meter.add(Buffer.byteLength(payload ?? '') + HTTP_LIMITS.aheadBytes);
      const answer = await follow(
        { method, url, headers, body: request.upload ?? payload },
        {
          grant: this.#grant,
          resolve: (hostname) => this.#lookUps.resolve(hostname),
          follow: redirect === 'follow',
          onRedirect: (by, to) => caller.alsoNames?.(`${by} ${to.origin}${to.pathname}`),
          agents: this.#agents,
          clock,
          signal: request.signal,
          meter: request.meter,
        },
      );
      return await this.#answer(answer, request, caller);
    } catch (error) {
      request.end();
      throw error;
    }
  }

  async #answer(
    { body, ...answer }: FollowedAnswer,
    request: OpenRequest,
    caller: HostCaller,
  ): Promise<HostCallResult> {
    if (body === undefined) {
      request.end();
      return toResult(answer, null);
    }
    const whole = await body.collect();
    request.signal.throwIfAborted();
    if (whole !== undefined) {
      request.end();
      return toResult(answer, 0, whole);
    }
    request.answered();
    const release = (): void => request.cancel(cancelled('its body was closed'));
    const handle = this.#bodies.add(caller.id, { body, request, release });
    request.signal.addEventListener('abort', () => this.#bodies.close(handle), { once: true });
    return toResult(answer, handle);
  }

  async #next(handle: unknown): Promise<HostCallResult> {
    const { body, request } = this.#bodies.get(handle);
    const data = await this.#unlessFailed(handle, body.next());
    if (data !== undefined) return { value: 1, data };
    this.#done(handle, request);
    return NULL;
  }

  async #rest(handle: unknown): Promise<HostCallResult> {
    const { body, request } = this.#bodies.get(handle);
    const data = await this.#unlessFailed(handle, body.rest());
    this.#done(handle, request);
    return { value: 1, data };
  }

  async #unlessFailed<Result>(handle: unknown, reading: Promise<Result>): Promise<Result> {
    try {
      return await reading;
    } catch (error) {
      this.#bodies.close(handle);
      throw error;
    }
  }

  /** Ended first: its connection may be used again. */
  #done(handle: unknown, request: OpenRequest): void {
    request.end();
    this.#bodies.close(handle);
  }
}

/** @throws HS_HOST_CALL_INVALID, HS_HTTP_TOO_LARGE */
function checkBody(method: string, url: URL, payload: HostCall['payload'], isStreamed: boolean): void {
  if (isStreamed && (payload !== undefined || /^(?:get|head)$/i.test(method)))
    throw new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot fetch ${showUrl(url)}: a ${method} with ${payload === undefined ? 'a body' : 'two bodies'} is no request`,
    );
  const bytes = payload === undefined ? 0 : Buffer.byteLength(payload);
  if (bytes > HTTP_LIMITS.requestBytes)
    throw new HairspringError(
      'HS_HTTP_TOO_LARGE',
      `Cannot fetch ${showUrl(url)}: its body of ${bytes} bytes is over the limit of ${HTTP_LIMITS.requestBytes} bytes`,
      { hint: 'Give it as a stream, with duplex: "half"' },
    );
}

function toResult(
  { status, statusText, url, redirected, headers }: Omit<FollowedAnswer, 'body'>,
  body: number | null,
  data?: Buffer,
): HostCallResult {
  return { value: [status, statusText, url.href, redirected ? 1 : 0, headers, body], data };
}
