import type { NatsConnection } from '@nats-io/transport-node';
import { artifactRevision, listArtifacts, removeArtifact } from '../../control/index.ts';
import { type Clock, HairspringError, type Logger } from '../../core/index.ts';
import type { Accounts } from '../accounts/index.ts';

/** Where artifacts are. */
export interface ArtifactPlace {
  digests(): readonly string[] | Promise<readonly string[]>;
  /** Another one each time that somebody brings the artifact or finds it; undefined when it is not there. */
  revisionOf(digest: string): number | undefined | Promise<number | undefined>;
  /** Removes it unless it has another revision by now. */
  remove(digest: string, revision: number): void | Promise<void>;
}

export interface ArtifactSweeperOptions {
  /** In the account of the nodes. */
  readonly nc: NatsConnection;
  readonly accounts: Accounts;
  /** The node's own copies. */
  readonly cache: ArtifactPlace;
  /** Those that functions of any node name, of these at least. */
  readonly named: (digests: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly periodMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Removes artifacts that nobody needs: no function has named them, and no client has brought or found them, from one
 * look to the next. A deployment takes less than the time between two, so none loses what it counts on, on whatever
 * node it is. What others who crashed left behind goes in the same way.
 */
export class ArtifactSweeper implements Disposable {
  readonly #options: ArtifactSweeperOptions;
  /** Namespaces whose clients may have left artifacts in the accounts of these. */
  readonly #namespaces = new Set<string>();
  /** Revisions of artifacts that no function named at the last look, by place. */
  #unnamed: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map();
  #stop: (() => void) | undefined;
  #disposed = false;

  constructor(options: ArtifactSweeperOptions) {
    this.#options = options;
    this.#plan();
  }

  /** The time is that from the end of a look to the next. */
  #plan(): void {
    if (this.#disposed) return;
    const { clock, periodMs } = this.#options;
    this.#stop = clock.after(periodMs, () => void this.sweep().then(() => this.#plan()));
  }

  /** Sweeps the account of a namespace too, where it has one. */
  watch(namespace: string): void {
    this.#namespaces.add(namespace);
  }

  /** Looks everywhere once. Never rejects. */
  async sweep(): Promise<void> {
    const { nc, accounts, cache, named } = this.#options;
    const unnamed = new Map<string, ReadonlyMap<string, number>>();
    const look = async (
      key: string,
      findPlace: () => ArtifactPlace | undefined | Promise<ArtifactPlace | undefined>,
      named: ArtifactSweeperOptions['named'],
    ): Promise<void> => {
      try {
        const place = await findPlace();
        if (place !== undefined) unnamed.set(key, await sweepPlace(place, named, this.#unnamed.get(key)));
      } catch (error) {
        if (this.#disposed) return;
        const { message } = HairspringError.from(error);
        this.#options.logger.warn('Artifacts that nobody needs could not be removed', { error: message });
      }
    };
    await look('files', () => cache, named);
    await look('nodes', () => storeOf(nc), named);
    for (const namespace of this.#namespaces) {
      const ownStore = async (): Promise<ArtifactPlace | undefined> => {
        const { nc: own } = await accounts.open(namespace);
        return own === nc ? undefined : storeOf(own);
      };
      // Functions have theirs in the account of the nodes.
      await look(`account of ${namespace}`, ownStore, async () => new Set());
    }
    this.#unnamed = unnamed;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#stop?.();
  }
}

function storeOf(nc: NatsConnection): ArtifactPlace {
  return {
    digests: () => listArtifacts(nc),
    revisionOf: (digest) => artifactRevision(nc, digest),
    remove: (digest, revision) => removeArtifact(nc, digest, revision),
  };
}

/** @returns what no function names, for the next look */
async function sweepPlace(
  place: ArtifactPlace,
  named: ArtifactSweeperOptions['named'],
  before: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, number>> {
  const revisions = new Map<string, number>();
  const digests = await place.digests();
  const isNamed = await named(digests);
  for (const digest of digests) {
    if (isNamed.has(digest)) continue;
    const revision = await place.revisionOf(digest);
    if (revision === undefined) continue;
    if (before.get(digest) === revision) await place.remove(digest, revision);
    else revisions.set(digest, revision);
  }
  return revisions;
}
