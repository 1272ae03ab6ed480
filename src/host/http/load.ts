import { HairspringError, HTTP_LIMITS } from '../../core/index.ts';
import { GATEWAY_LIMITS } from './limits.ts';

interface InHand {
  requests: number;
  /** Of bodies. */
  bytes: number;
}

/** What one request takes of the gateway until it is disposed. */
export interface Share extends Disposable {
  /**
   * Counts a part of a body. Nothing is counted for a client that is gone already: nobody would give it back.
   * @throws HS_GATEWAY_BUSY
   */
  hold(bytes: number): void;
  /**
   * Asked before a function runs: what it answers is lost where there is no room for it.
   * @throws HS_GATEWAY_BUSY when the largest response would find none
   */
  mustFitResponse(): void;
}

/** What is in hand, so that neither one client nor one namespace fills this process. */
export class Load {
  readonly #perNamespace = new Map<string, InHand>();
  readonly #all: InHand = { requests: 0, bytes: 0 };

  /** @throws HS_GATEWAY_BUSY */
  begin(namespace: string): Share {
    const all = this.#all;
    const own = this.#perNamespace.get(namespace) ?? { requests: 0, bytes: 0 };
    if (all.requests >= GATEWAY_LIMITS.requests) throw busy(`${GATEWAY_LIMITS.requests} requests`);
    if (own.requests >= GATEWAY_LIMITS.requestsOfNamespace)
      throw busy(`${GATEWAY_LIMITS.requestsOfNamespace} requests of the namespace`);
    all.requests += 1;
    own.requests += 1;
    this.#perNamespace.set(namespace, own);
    let held = 0;
    let ended = false;
    const mustFit = (bytes: number): void => {
      if (all.bytes + bytes > GATEWAY_LIMITS.bodyBytes) throw busy('bodies to its limit');
      if (own.bytes + bytes > GATEWAY_LIMITS.bodyBytesOfNamespace)
        throw busy('bodies of the namespace to its limit');
    };
    return {
      mustFitResponse: () => mustFit(HTTP_LIMITS.responseBytes),
      hold(bytes) {
        if (ended) return;
        mustFit(bytes);
        all.bytes += bytes;
        own.bytes += bytes;
        held += bytes;
      },
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        all.requests -= 1;
        own.requests -= 1;
        all.bytes -= held;
        own.bytes -= held;
        if (own.requests === 0) this.#perNamespace.delete(namespace);
      },
    };
  }
}

function busy(what: string): HairspringError {
  return new HairspringError('HS_GATEWAY_BUSY', `Cannot take the request: the gateway holds ${what} already`);
}
