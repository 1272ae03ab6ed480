import type { NatsConnection } from '@nats-io/transport-node';
import { putArtifact, type StartWorkloadRequest } from '../../control/index.ts';
import {
  type ArtifactRef,
  type Clock,
  type CodeCacheRecord,
  type FunctionDefinition,
  type FunctionSpec,
  HairspringError,
  isHttpTrigger,
  type Logger,
  type StartRequest,
  secretsOf,
  toSpec,
} from '../../core/index.ts';
import { provisionBinding } from '../../hostservices/provision.ts';
import type { Accounts } from '../accounts/index.ts';
import type { CellSupervisor } from '../cells/index.ts';
import { checkRoutes } from '../http/index.ts';
import { parseStartRequest } from '../manifest/index.ts';
import type { SecretShelf } from '../secrets/index.ts';
import { ArtifactCache } from './artifact-cache.ts';
import { ArtifactSweeper } from './artifact-sweeper.ts';
import { checkHandlers } from './check-handlers.ts';
import { DefinitionStore, type StoredDefinition } from './definition-store.ts';
import { checkDeployRequest, checkExpected, resolveArtifact, toDefinition } from './deploy-request.ts';
import { KeyLock } from './key-lock.ts';
import { KnownFunctions } from './known-functions.ts';
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
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The functions of this node: deploys, replaces, removes and restores them. */
export class Deployments implements Disposable {
  readonly #options: DeploymentsOptions;
  readonly #store: DefinitionStore;
  readonly #cache: ArtifactCache;
  readonly functions = new KnownFunctions();
  readonly #lock = new KeyLock();
  readonly #sweeper: ArtifactSweeper;
  readonly #stored: StoredFunctions;

  private constructor(options: DeploymentsOptions, store: DefinitionStore) {
    this.#options = options;
    this.#store = store;
    this.#cache = new ArtifactCache(options.artifactDir, options.nc);
    const { functions } = this;
    this.#stored = new StoredFunctions({
      ...options,
      store,
      cache: this.#cache,
      functions,
      lock: this.#lock,
    });
    this.#sweeper = new ArtifactSweeper({
      ...options,
      periodMs: options.artifactSweepMs,
      cache: this.#cache,
      named: (digests) => this.#named(digests),
    });
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
    await this.#stored.serve(stored);
    return true;
  }

  /**
   * Deploys a function idle, or a new version in the place of the running one. Nothing changes when
   * any step fails. The same request again changes nothing.
   */
  async deploy(request: StartWorkloadRequest): Promise<FunctionDefinition> {
    checkDeployRequest(request);
    return this.#lock.run(`${request.namespace}.${request.name}`, () => this.#deploy(request));
  }

  async #deploy(request: StartWorkloadRequest): Promise<FunctionDefinition> {
    const { nc, accounts } = this.#options;
    const start = parseStartRequest(request.run_request);
    const { nc: own } = await accounts.open(request.namespace);
    const isOwn = (digest: string): boolean =>
      this.functions
        .all()
        .some(({ namespace, artifact }) => namespace === request.namespace && artifact.digest === digest);
    this.#sweeper.watch(request.namespace);
    const artifact = await resolveArtifact({ nc, own, cache: this.#cache, isOwn }, request, start);
    return await this.#deployArtifact(request, start, artifact);
  }

  async #deployArtifact(
    request: StartWorkloadRequest,
    start: StartRequest,
    artifact: ArtifactRef,
  ): Promise<FunctionDefinition> {
    const { accounts, cells, clock } = this.#options;
    const { nc: own } = await accounts.open(request.namespace);
    const previous = await this.#store.get(request.namespace, request.name);
    const definition = toDefinition(request, start, artifact, previous?.definition, new Date(clock.now()));
    const serving = this.functions.serving(definition.id);
    const isStored = previous?.definition.version === definition.version;
    if (isStored && serving?.version === definition.version && cells.sentenceOf(serving) === undefined)
      return serving;
    checkExpected(request, previous?.definition);
    const spec = toSpec(definition);
    this.#options.secrets.checkSet(spec);
    await this.#checkRoutes(definition);
    await this.#check(spec);
    for (const [label, binding] of Object.entries(definition.bindings))
      await provisionBinding(own, label, binding);
    // Whatever has become of the one that the client brought, what is stored next has its artifact.
    await putArtifact(this.#options.nc, artifact.digest, await this.#cache.bytesOf(artifact.digest));
    const revision = await this.#put(definition, previous?.revision ?? 0);
    try {
      await this.#stored.left(definition);
      await cells.activate(spec);
    } catch (error) {
      await this.#undo(definition, previous, revision).catch((cause: unknown) => {
        const { message } = HairspringError.from(cause);
        this.#options.logger.error('A failed deployment is still stored', {
          name: definition.name,
          namespace: definition.namespace,
          error: message,
        });
      });
      throw error;
    }
    const known = this.functions.named(definition.namespace, definition.name)?.definition;
    if (known !== undefined && known.id !== definition.id) void this.#stored.leave(known);
    this.functions.serve({ definition, revision });
    return definition;
  }

  /** @throws HS_HANDLER_MISSING, HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY */
  async #check(spec: FunctionSpec): Promise<void> {
    const { handlers, codeCache } = await this.#options.cells.check(spec);
    checkHandlers(spec, handlers);
    if (codeCache !== null) this.#keepCodeCache(spec, codeCache);
  }

  /** @throws HS_ROUTE_TAKEN */
  async #checkRoutes(definition: FunctionDefinition): Promise<void> {
    if (definition.triggers.some(isHttpTrigger))
      checkRoutes(definition, await this.storedIn(definition.namespace));
  }

  /** Stores a definition. Of two functions that are deployed at the same time one finds the routes of the other. */
  async #put(definition: FunctionDefinition, revision: number): Promise<number> {
    if (!definition.triggers.some(isHttpTrigger)) return await this.#store.put(definition, revision);
    return await this.#lock.run(`${definition.namespace} routes`, async () => {
      await this.#checkRoutes(definition);
      return await this.#store.put(definition, revision);
    });
  }

  /** Without it a function is only slower to wake. */
  #keepCodeCache({ name, namespace, artifact }: FunctionSpec, codeCache: CodeCacheRecord): void {
    try {
      this.#cache.storeCodeCache(artifact.digest, codeCache);
    } catch (error) {
      const { message } = HairspringError.from(error);
      this.#options.logger.warn('A code cache could not be kept', { name, namespace, error: message });
    }
  }

  async #undo(
    definition: FunctionDefinition,
    previous: StoredDefinition | undefined,
    revision: number,
  ): Promise<void> {
    if (previous === undefined) await this.#store.remove(definition, revision);
    else await this.#store.putBack(previous, revision);
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
      const stored = await this.#store.get(definition.namespace, definition.name);
      // Another node may have heard of this sooner, and of the next function with the name.
      if (stored?.definition.id === definition.id) await this.#store.remove(definition, stored.revision);
      // Not before, so that whoever was told of a failure finds the function and can try again.
      return { finished: this.#stored.leave(definition) };
    });
    await removed?.finished;
    return removed === undefined ? undefined : definition;
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
