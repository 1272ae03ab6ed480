import type { NatsConnection } from '@nats-io/transport-node';
import type { StartWorkloadRequest } from '../../control/index.ts';
import {
  type Clock,
  type FunctionDefinition,
  HairspringError,
  type Logger,
  secretsOf,
  type Withheld,
} from '../../core/index.ts';
import type { Accounts } from '../accounts/index.ts';
import type { CellSupervisor } from '../cells/index.ts';
import type { SecretShelf } from '../secrets/index.ts';
import { ArtifactCache } from './artifact-cache.ts';
import { ArtifactSweeper } from './artifact-sweeper.ts';
import { DefinitionStore } from './definition-store.ts';
import { Deployer } from './deployer.ts';
import { KeyLock } from './key-lock.ts';
import { KnownFunctions } from './known-functions.ts';
import { Serving } from './serving.ts';
import { StoredFunctions } from './stored-functions.ts';

export interface DeploymentsOptions {
  /** In the account of the nodes. */
  readonly nc: NatsConnection;
  readonly accounts: Accounts;
  readonly artifactDir: string;
  /** How long an artifact stays that no function names and nobody brings or finds. */
  readonly artifactSweepMs: number;
  readonly cells: CellSupervisor;
  readonly secrets: SecretShelf;
  readonly withheld: Withheld;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The functions of this node: deploys, replaces, removes and restores them. */
export class Deployments implements Disposable {
  readonly #options: DeploymentsOptions;
  readonly #store: DefinitionStore;
  readonly functions = new KnownFunctions();
  readonly #lock = new KeyLock();
  readonly #sweeper: ArtifactSweeper;
  readonly #serving: Serving;
  readonly #stored: StoredFunctions;
  readonly #deployer: Deployer;

  private constructor(options: DeploymentsOptions, store: DefinitionStore) {
    this.#options = options;
    this.#store = store;
    const cache = new ArtifactCache(options.artifactDir, options.nc);
    cache.removeDrafts();
    this.#sweeper = new ArtifactSweeper({
      ...options,
      periodMs: options.artifactSweepMs,
      cache,
      named: (digests) => this.#named(digests),
    });
    const shared = { ...options, store, cache, functions: this.functions, lock: this.#lock };
    this.#serving = new Serving(shared);
    this.#stored = new StoredFunctions({ ...shared, serving: this.#serving });
    this.#deployer = new Deployer({ ...shared, serving: this.#serving, sweeper: this.#sweeper });
  }

  static async open(options: DeploymentsOptions): Promise<Deployments> {
    return new Deployments(options, await DefinitionStore.open(options.nc));
  }

  /** What is stored, be it served by this node or not: what the next deployment under the name replaces. */
  async stored(namespace: string, name: string): Promise<FunctionDefinition | undefined> {
    return (await this.#store.get(namespace, name))?.definition;
  }

  /** Serves everything that is stored, now and from now on. @returns how much that is */
  async restore(): Promise<number> {
    await this.#stored.restore();
    return this.functions.size;
  }

  /** The functions of a namespace, of all nodes. */
  async storedIn(namespace: string): Promise<readonly FunctionDefinition[]> {
    const stored = await this.#store.allOf(namespace);
    return stored.map(({ definition }) => definition);
  }

  /**
   * Has every function that is bound to a secret run with its present value, those too that waited for it.
   * @returns their names, and why others do not
   */
  async refreshSecret(
    namespace: string,
    name: string,
  ): Promise<{ readonly functions: readonly string[]; readonly failures: readonly string[] }> {
    const isBound = (one: FunctionDefinition): boolean =>
      one.namespace === namespace && secretsOf(one).includes(name);
    const functions: string[] = [];
    const failures: string[] = [];
    for (const one of this.functions.all().filter(isBound)) {
      try {
        const runs = await this.#lock.run(`${namespace}.${one.name}`, () => this.#refresh(one));
        if (runs) functions.push(one.name);
      } catch (error) {
        const { message } = HairspringError.from(error);
        this.#options.logger.warn('A function does not have the new value of a secret', {
          name: one.name,
          namespace,
          secret: name,
          error: message,
        });
        failures.push(`${one.name}: ${message}`);
      }
    }
    return { functions: functions.sort(), failures };
  }

  /** @returns whether it is still there */
  async #refresh(definition: FunctionDefinition): Promise<boolean> {
    const { id, namespace, name } = definition;
    if (this.functions.serving(id) !== undefined) {
      await this.#options.cells.refresh(definition);
      return true;
    }
    const stored = await this.#store.get(namespace, name);
    // Meanwhile it may have been replaced or removed.
    if (!this.functions.has(id) || stored?.definition.id !== id) return false;
    await this.#serving.serve(stored);
    return true;
  }

  /** @see Deployer.deploy */
  async deploy(request: StartWorkloadRequest, timeoutMs: number): Promise<FunctionDefinition> {
    return await this.#deployer.deploy(request, timeoutMs);
  }

  /**
   * Removes a function; resolves when what it had accepted is finished. Its name is free before that.
   * @returns the definition that was removed; undefined when this node does not hold it
   */
  async undeploy(namespace: string, id: string): Promise<FunctionDefinition | undefined> {
    const definition = this.functions.find(namespace, id);
    if (definition === undefined) return undefined;
    const removed = await this.#lock.run(`${definition.namespace}.${definition.name}`, async () => {
      if (!this.functions.has(definition.id)) return undefined;
      await this.#remove(definition);
      // Not before, so that whoever was told of a failure finds the function and can try again.
      return { finished: this.#serving.leave(definition) };
    });
    await removed?.finished;
    return removed === undefined ? undefined : definition;
  }

  /** Another node may store another version meanwhile, or hear of this sooner and of the next function with the name. */
  async #remove(definition: FunctionDefinition): Promise<void> {
    for (;;) {
      const stored = await this.#store.get(definition.namespace, definition.name);
      if (stored?.definition.id !== definition.id) return;
      await this.#store.remove(definition, stored.revision);
    }
  }

  /** Digests that functions name: those of this node, else those of all. */
  async #named(digests: readonly string[]): Promise<ReadonlySet<string>> {
    const own = new Set(this.functions.all().map(({ artifact }) => artifact.digest));
    if (digests.every((digest) => own.has(digest))) return own;
    return new Set([...own, ...(await this.#store.digests())]);
  }

  /** Ends the removal of artifacts, and following what is stored. Doing it twice is doing it once. */
  [Symbol.dispose](): void {
    this.#stored[Symbol.dispose]();
    this.#sweeper[Symbol.dispose]();
  }
}
