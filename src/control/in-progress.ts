import { HairspringError } from '../core/index.ts';

/** Requests of one endpoint in progress for one owner; what comes beyond them is refused at once. */
const MAX_OF_OWNER = 64;
/** And for all owners together. */
const MAX_OF_ALL = 1_024;

/** The requests of an endpoint that are in progress. What one owner has begun takes little from the others. */
export class InProgress {
  readonly #endpoint: string;
  readonly #all = new Set<Promise<void>>();
  readonly #byOwner = new Map<string, number>();

  /** @param endpoint its name, for errors */
  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** Why another request of `owner` is refused; undefined when it may begin. */
  refusal(owner: string): HairspringError | undefined {
    const own = this.#byOwner.get(owner) ?? 0;
    if (own < MAX_OF_OWNER && this.#all.size < MAX_OF_ALL) return undefined;
    const place = own < MAX_OF_OWNER ? 'of all namespaces' : `of namespace "${owner}"`;
    const limit = own < MAX_OF_OWNER ? MAX_OF_ALL : MAX_OF_OWNER;
    return new HairspringError(
      'HS_CONTROL_OVERLOADED',
      `Cannot take another request: ${limit} of ${this.#endpoint} ${place} are in progress, which is the limit`,
    );
  }

  /** @param work never rejects */
  add(owner: string, work: Promise<void>): void {
    this.#byOwner.set(owner, (this.#byOwner.get(owner) ?? 0) + 1);
    const counted = work.then(() => {
      this.#all.delete(counted);
      const left = (this.#byOwner.get(owner) ?? 0) - 1;
      if (left > 0) this.#byOwner.set(owner, left);
      else this.#byOwner.delete(owner);
    });
    this.#all.add(counted);
  }

  /** Resolves when those of now are done. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#all);
  }
}
