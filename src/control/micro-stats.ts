import type { MicroEndpoint, MicroServiceOptions } from './micro-endpoint.ts';

/** Identity of one running instance of a service, as every `$SRV` answer repeats it. */
export interface MicroIdentity {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What one endpoint has done; durations in nanoseconds because that is what the protocol carries. */
export class EndpointStats {
  #requests = 0;
  #errors = 0;
  #lastError = '';
  #processingNs = 0;

  /** Counts one finished request; `error` is `<code>:<description>` of a failed one. */
  record(durationMs: number, error?: string): void {
    this.#requests += 1;
    this.#processingNs += Math.round(durationMs * 1e6);
    if (error === undefined) return;
    this.#errors += 1;
    this.#lastError = error;
  }

  toWire(): Readonly<Record<string, number | string>> {
    return {
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: this.#processingNs,
      average_processing_time: this.#requests === 0 ? 0 : Math.round(this.#processingNs / this.#requests),
    };
  }
}

/** Answers to `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS` by ADR-32. */
export function createDiscovery(
  identity: MicroIdentity,
  options: MicroServiceOptions,
  stats: ReadonlyMap<MicroEndpoint, EndpointStats>,
): Readonly<Record<'PING' | 'INFO' | 'STATS', () => object>> {
  const started = new Date(options.clock.now()).toISOString();
  const describe = (endpoint: MicroEndpoint): object => ({
    name: endpoint.name,
    subject: endpoint.subject,
    queue_group: options.queue,
  });
  return {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...identity }),
    INFO: () => ({
      type: 'io.nats.micro.v1.info_response',
      ...identity,
      description: options.description,
      endpoints: options.endpoints.map((endpoint) => ({ ...describe(endpoint), metadata: {} })),
    }),
    STATS: () => ({
      type: 'io.nats.micro.v1.stats_response',
      ...identity,
      started,
      endpoints: options.endpoints.map((endpoint) => ({
        ...describe(endpoint),
        ...stats.get(endpoint)?.toWire(),
      })),
    }),
  };
}
