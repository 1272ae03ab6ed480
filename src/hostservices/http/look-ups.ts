import { type Clock, HairspringError } from '../../core/index.ts';
import { HTTP_LIMITS } from './limits.ts';
import type { ResolvedAddress, Resolver } from './resolve.ts';

interface Kept {
  readonly addresses: readonly ResolvedAddress[];
  /** On the monotonic clock. */
  readonly untilMs: number;
}

/**
 * The look-ups of names of a cell. One of each name is under way at a time, whoever asks for it, and what it has found
 * is good for a moment: none can be called off, and each may hold a thread for as long as a name server is silent.
 */
export class LookUps {
  readonly #resolve: Resolver;
  readonly #clock: Clock;
  readonly #underWay = new Map<string, Promise<readonly ResolvedAddress[]>>();
  /** The one that was found first comes first. */
  readonly #kept = new Map<string, Kept>();

  constructor(resolve: Resolver, clock: Clock) {
    this.#resolve = resolve;
    this.#clock = clock;
  }

  /** What is known of a name, or will be; undefined where it has to be looked up. */
  find(hostname: string): Promise<readonly ResolvedAddress[]> | undefined {
    const kept = this.#kept.get(hostname);
    if (kept !== undefined && kept.untilMs > this.#clock.monotonicMs())
      return Promise.resolve(kept.addresses);
    return this.#underWay.get(hostname);
  }

  begin(hostname: string): Promise<readonly ResolvedAddress[]> {
    const found = this.#lookUp(hostname);
    this.#underWay.set(hostname, found);
    return found;
  }

  async #lookUp(hostname: string): Promise<readonly ResolvedAddress[]> {
    try {
      const addresses = await this.#resolve(hostname);
      this.#keep(hostname, addresses);
      return addresses;
    } finally {
      this.#underWay.delete(hostname);
    }
  }

  #keep(hostname: string, addresses: readonly ResolvedAddress[]): void {
    this.#kept.delete(hostname);
    for (const eldest of this.#kept.keys()) {
      if (this.#kept.size < HTTP_LIMITS.namesKept) break;
      this.#kept.delete(eldest);
    }
    this.#kept.set(hostname, { addresses, untilMs: this.#clock.monotonicMs() + HTTP_LIMITS.nameKeptMs });
  }
}

/** The same for one binding of one function, with a bound on those that it has begun. */
export class OwnLookUps {
  readonly #all: LookUps;
  #underWay = 0;

  constructor(all: LookUps) {
    this.#all = all;
  }

  /** @throws HS_HTTP_LIMIT, and what the resolver rejects with */
  async resolve(hostname: string): Promise<readonly ResolvedAddress[]> {
    const found = this.#all.find(hostname);
    if (found !== undefined) return await found;
    if (this.#underWay >= HTTP_LIMITS.lookUpsPerFunction)
      throw new HairspringError(
        'HS_HTTP_LIMIT',
        `Cannot look up ${JSON.stringify(hostname)}: the function has ${HTTP_LIMITS.lookUpsPerFunction} look-ups of other names under way already`,
        {
          hint: 'One that is given up goes on until the name servers have answered or are given up themselves',
        },
      );
    this.#underWay += 1;
    try {
      return await this.#all.begin(hostname);
    } finally {
      this.#underWay -= 1;
    }
  }
}
