import { type Clock, HairspringError, type Logger } from '../../core/index.ts';
import type { DefinitionStore, StoreState } from './definition-store.ts';

/** From the end of a look to the next. */
const LOOK_MS = 1_000;

export interface DefinitionChangesOptions {
  readonly store: Pick<DefinitionStore, 'state' | 'next' | 'keys'>;
  /** What has been seen of the store so far, and the keys that were in it. */
  readonly seen: StoreState;
  readonly keys: Iterable<string>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Has the node do with a function what is stored. When it rejects it is called again. */
  readonly follow: (namespace: string, name: string) => Promise<void>;
}

/**
 * Tells of each function that somebody has stored or removed, this node included. It asks the server for two numbers
 * once a second, which tell of everything that has changed, also while the node was cut off.
 */
export class DefinitionChanges implements Disposable {
  readonly #options: DefinitionChangesOptions;
  #created: string;
  #revision: number;
  #keys: Set<string>;
  /** Names of functions that are to be followed, by namespace. */
  readonly #changed = new Map<string, Set<string>>();
  /** Namespaces whose functions are being followed: one that takes long holds up no other. */
  readonly #following = new Set<string>();
  #isFailing = false;
  #stop: (() => void) | undefined;
  #disposed = false;

  constructor(options: DefinitionChangesOptions) {
    this.#options = options;
    this.#created = options.seen.created;
    this.#revision = options.seen.lastRevision;
    this.#keys = new Set(options.keys);
    this.#plan();
  }

  #plan(): void {
    if (this.#disposed) return;
    this.#stop = this.#options.clock.after(LOOK_MS, () => void this.#tryLook().then(() => this.#plan()));
  }

  async #tryLook(): Promise<void> {
    try {
      await this.#look();
      this.#isFailing = false;
    } catch (error) {
      const { message } = HairspringError.from(error);
      if (!this.#isFailing && !this.#disposed)
        this.#options.logger.warn('It cannot be told what other nodes have deployed', { error: message });
      this.#isFailing = true;
    }
  }

  async #look(): Promise<void> {
    const { store } = this.#options;
    const state = await store.state();
    if (state.created !== this.#created || state.lastRevision < this.#revision) {
      // Another bucket is in the place of the earlier one, or it was put back to what it was at some time before:
      // nobody has removed any of its functions.
      this.#created = state.created;
      this.#revision = 0;
      this.#keys.clear();
    }
    while (this.#revision < state.lastRevision) {
      const next = await store.next(this.#revision + 1);
      this.#revision = next?.revision ?? state.lastRevision;
      if (next === undefined) break;
      this.#keys.add(next.key);
      this.#note(next.key);
    }
    if (state.count !== this.#keys.size) {
      const keys = await store.keys();
      for (const key of this.#keys.symmetricDifference(keys)) this.#note(key);
      this.#keys = new Set(keys);
    }
    for (const [namespace, names] of this.#changed) void this.#followAll(namespace, names);
  }

  #note(key: string): void {
    const [namespace = '', name = ''] = key.split('.');
    const names = this.#changed.get(namespace) ?? new Set();
    this.#changed.set(namespace, names.add(name));
  }

  async #followAll(namespace: string, names: Set<string>): Promise<void> {
    if (this.#following.has(namespace)) return;
    this.#following.add(namespace);
    // One that is added meanwhile comes in its turn.
    for (const name of names) {
      if (this.#disposed) return;
      names.delete(name);
      try {
        await this.#options.follow(namespace, name);
      } catch {
        names.add(name);
        break;
      }
    }
    if (names.size === 0) this.#changed.delete(namespace);
    this.#following.delete(namespace);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#stop?.();
  }
}
