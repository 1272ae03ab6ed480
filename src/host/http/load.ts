import { HairspringError } from '../../core/index.ts';
import { GATEWAY_LIMITS } from './limits.ts';

/** What is in hand, so that neither one client nor one namespace fills this process. */
export class Load {
  readonly #perNamespace = new Map<string, number>();
  #requests = 0;
  #bytes = 0;

  /** @throws HS_GATEWAY_BUSY */
  begin(namespace: string): void {
    const own = this.#perNamespace.get(namespace) ?? 0;
    if (this.#requests >= GATEWAY_LIMITS.requests) throw busy(`${GATEWAY_LIMITS.requests} requests`);
    if (own >= GATEWAY_LIMITS.requestsOfNamespace)
      throw busy(`${GATEWAY_LIMITS.requestsOfNamespace} requests of the namespace`);
    this.#requests += 1;
    this.#perNamespace.set(namespace, own + 1);
  }

  end(namespace: string): void {
    const own = this.#perNamespace.get(namespace) ?? 0;
    this.#requests -= 1;
    if (own > 1) this.#perNamespace.set(namespace, own - 1);
    else this.#perNamespace.delete(namespace);
  }

  /** @throws HS_GATEWAY_BUSY */
  hold(bytes: number): void {
    if (this.#bytes + bytes > GATEWAY_LIMITS.bodyBytes) throw busy('bodies to its limit');
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}

function busy(what: string): HairspringError {
  return new HairspringError('HS_GATEWAY_BUSY', `Cannot take the request: the gateway holds ${what} already`);
}
