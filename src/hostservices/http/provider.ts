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
import { parseRequestHeaders, withTrace } from './request-headers.ts';
import { type Resolver, systemResolver } from './resolve.ts';

export interface HttpServiceOptions {
  readonly clock: Clock;
  /** @default the system's */
  readonly resolve?: Resolver;
}

/** The HTTP host service of a cell. */
export function createHttpService({
  clock,
  resolve = systemResolver,
}: HttpServiceOptions): HostService<HttpBinding> {
  const meter = new CellMeter();
  return {
    name: 'http',
    prepare: (label, binding) => new HttpClient(createGrant(label, binding), { clock, resolve, meter }),
  };
}

interface ClientDependencies {
  readonly clock: Clock;
  readonly resolve: Resolver;
  readonly meter: CellMeter;
}

/** A request under way, by invocation and the number that the guest gave it. */
interface PendingRequest {
  readonly number: unknown;
  readonly abort: AbortController;
}

/**
 * One http binding of one function. Operations:
 * - `open(number, method, url, headers, redirect)` with the request's body as payload: sends it and
 *   answers with status, status text, URL, whether it was redirected, headers, and an id of the body, which
 *   is 0 as long as the body comes whole beside the answer (bodies in pieces would be `read` and `write` by id);
 * - `close(number)`: gives a request up.
 */
class HttpClient implements PreparedBinding {
  readonly #grant: HttpGrant;
  readonly #dependencies: ClientDependencies;
  readonly #pending = new Map<number, Set<PendingRequest>>();
  #agents: Agents | undefined;

  constructor(grant: HttpGrant, dependencies: ClientDependencies) {
    this.#grant = grant;
    this.#dependencies = dependencies;
  }

  async call(call: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const { op, args } = call;
    if (!isHttpOperation(op)) {
      throw new HairspringError(
        'HS_HOST_CALL_INVALID',
        `Cannot call ${this.#grant.label}.${op.slice(0, 100)}: an http binding has no such operation`,
      );
    }
    return op === 'open' ? this.#open(call, caller) : this.#close(args[0]);
  }

  async #open({ args, payload }: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const [number, givenMethod, givenUrl, givenHeaders, redirect] = args;
    const method = parseMethod(givenMethod);
    const url = parseUrl(givenUrl);
    const refusal = refusalOf(this.#grant, method, url);
    if (refusal !== undefined)
      throw new HairspringError('HS_BINDING_DENIED', `Cannot fetch ${showUrl(url)}: ${refusal}`);
    const headers = withTrace(parseRequestHeaders(givenHeaders), caller);
    const bytes = payload === undefined ? 0 : Buffer.byteLength(payload);
    if (bytes > HTTP_LIMITS.requestBytes)
      throw new HairspringError(
        'HS_HTTP_TOO_LARGE',
        `Cannot fetch ${showUrl(url)}: its body of ${bytes} bytes is over the limit of ${HTTP_LIMITS.requestBytes} bytes`,
      );
    const { clock, resolve } = this.#dependencies;
    this.#agents ??= createAgents();
    const leftMs = Math.min(HTTP_LIMITS.timeMs, caller.deadlineMs - clock.monotonicMs());
    const pending = { number, abort: new AbortController() };
    const end = this.#begin(pending, caller, url);
    const meter = this.#startMeter(end);
    const stopTimer = clock.after(Math.max(0, leftMs), () => pending.abort.abort(timedOut(url, leftMs)));
    try {
      meter.add(bytes);
      const answer = await follow(
        { method, url, headers, body: payload },
        {
          grant: this.#grant,
          resolve,
          follow: redirect === 'follow',
          onRedirect: (by, to) => caller.alsoNames?.(`${by} ${to.origin}${to.pathname}`),
          agents: this.#agents,
          signal: pending.abort.signal,
          meter,
        },
      );
      return toResult(answer);
    } finally {
      stopTimer();
      meter.end();
      end();
    }
  }

  #startMeter(onRefused: () => void): ReturnType<CellMeter['begin']> {
    try {
      return this.#dependencies.meter.begin();
    } catch (error) {
      onRefused();
      throw error;
    }
  }

  /** @throws HS_HTTP_LIMIT */
  #begin(pending: PendingRequest, caller: HostCaller, url: URL): () => void {
    const requests = this.#pending.get(caller.id) ?? new Set();
    if (requests.size >= HTTP_LIMITS.requestsPerInvocation)
      throw new HairspringError(
        'HS_HTTP_LIMIT',
        `Cannot fetch ${showUrl(url)}: the invocation has ${HTTP_LIMITS.requestsPerInvocation} requests under way already`,
      );
    requests.add(pending);
    this.#pending.set(caller.id, requests);
    return () => {
      requests.delete(pending);
      if (requests.size === 0) this.#pending.delete(caller.id);
    };
  }

  /** Whichever invocation asks: code that several await runs in the name of any of them. */
  #close(number: unknown): HostCallResult {
    for (const requests of this.#pending.values()) {
      for (const pending of requests) {
        if (pending.number !== number) continue;
        pending.abort.abort(new HairspringError('HS_HTTP_CANCELLED', 'The function gave the request up'));
      }
    }
    return { value: null };
  }
}

function toResult({ status, statusText, url, redirected, headers, body }: FollowedAnswer): HostCallResult {
  return {
    value: [status, statusText, url.href, redirected ? 1 : 0, headers, body === undefined ? null : 0],
    data: body,
  };
}

function timedOut(url: URL, leftMs: number): HairspringError {
  const limit =
    leftMs < HTTP_LIMITS.timeMs ? 'before the invocation ends' : `within ${HTTP_LIMITS.timeMs} ms`;
  return new HairspringError(
    'HS_HTTP_TIMEOUT',
    `Cannot fetch ${showUrl(url)}: there was no complete answer ${limit}`,
  );
}
