import type { NatsConnection } from '@nats-io/transport-node';
import { putArtifact, type StartWorkloadRequest } from '../../control/index.ts';
import {
  type ArtifactRef,
  type Clock,
  type CodeCacheRecord,
  type ErrorCode,
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
import { checkRoutes, RouteTable } from '../http/index.ts';
import { parseStartRequest } from '../manifest/index.ts';
import type { SecretShelf } from '../secrets/index.ts';
import { ArtifactCache } from './artifact-cache.ts';
import { ArtifactSweeper } from './artifact-sweeper.ts';
import { checkHandlers } from './check-handlers.ts';
import { DefinitionStore, type StoredDefinition } from './definition-store.ts';
import { checkDeployRequest, checkExpected, resolveArtifact, toDefinition } from './deploy-request.ts';
import { KeyLock } from './key-lock.ts';

/** Artifacts fetched at once when a node starts without them. */
const FETCH_AT_ONCE = 8;

/** Why the account of a namespace may be closed to this node and no other. */
const SHUT_CODES: readonly ErrorCode[] = ['HS_NAMESPACE_UNKNOWN', 'HS_NATS_REFUSED'];

/** A function that is deployed and not served by this node. */
interface WaitingFunction {
  readonly definition: FunctionDefinition;
  readonly reason: string;
}

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
  readonly #byId = new Map<string, StoredDefinition>();
  /** Stored and not served: a secret is missing or does not open, or the account of the namespace is closed to us. */
  readonly #waiting = new Map<string, WaitingFunction>();
  /** Of the functions that this node serves. */
  readonly routes = new RouteTable();
  readonly #lock = new KeyLock();
  readonly #sweeper: ArtifactSweeper;

  private constructor(options: DeploymentsOptions, store: DefinitionStore) {
    this.#options = options;
    this.#store = store;
    this.#cache = new ArtifactCache(options.artifactDir, options.nc);
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

  #keep(stored: StoredDefinition): void {
    this.#byId.set(stored.definition.id, stored);
    this.routes.set(stored.definition);
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): readonly FunctionDefinition[] {
    return [...this.#byId.values()].map(({ definition }) => definition);
  }

  /** With those that wait. */
  known(): readonly FunctionDefinition[] {
    return [...this.all(), ...[...this.#waiting.values()].map(({ definition }) => definition)];
  }

  /** Why this node does not serve a function that is deployed; undefined when it does. */
  waitingFor(id: string): string | undefined {
    return this.#waiting.get(id)?.reason;
  }

  find(namespace: string, nameOrId: string): FunctionDefinition | undefined {
    const byId = (this.#byId.get(nameOrId) ?? this.#waiting.get(nameOrId))?.definition;
    if (byId !== undefined) return byId.namespace === namespace ? byId : undefined;
    return this.known().find(
      (definition) => definition.namespace === namespace && definition.name === nameOrId,
    );
  }

  /** What is stored, be it served by this node or not: what the next deployment under the name replaces. */
  async stored(namespace: string, name: string): Promise<FunctionDefinition | undefined> {
    return (await this.#store.get(namespace, name))?.definition;
  }

  /** Serves everything that is stored. A function whose artifact, secret or account is lost is logged and left out. */
  async restore(): Promise<number> {
    const stored = await this.#store.all(this.#options.logger);
    const queue = [...stored];
    const usable: StoredDefinition[] = [];
    const fetchNext = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        try {
          await this.#cache.ensure(next.definition.artifact.digest);
          usable.push(next);
        } catch (error) {
          this.#tellLeftOut(next.definition, error);
        }
      }
    };
    await Promise.all(Array.from({ length: FETCH_AT_ONCE }, fetchNext));
    const shut = await this.#findShut(new Set(usable.map(({ definition }) => definition.namespace)));
    const open = usable.filter(({ definition }) => {
      const error = shut.get(definition.namespace);
      if (error !== undefined) this.#wait(definition, error);
      return error === undefined;
    });
    const plain = open.filter(({ definition }) => secretsOf(definition).length === 0);
    for (const one of plain) this.#keep(one);
    await this.#options.cells.activate(plain.map(({ definition }) => toSpec(definition)));
    // One by one: a secret that does not open is the loss of its own functions only.
    for (const one of open) if (!plain.includes(one)) await this.#restoreWithSecrets(one);
    return this.#byId.size;
  }

  /** Namespaces into whose account this node is not let: their functions are the loss of no others. */
  async #findShut(namespaces: ReadonlySet<string>): Promise<ReadonlyMap<string, HairspringError>> {
    const shut = new Map<string, HairspringError>();
    await Promise.all(
      [...namespaces].map(async (namespace) => {
        try {
          await this.#options.accounts.open(namespace);
        } catch (error) {
          if (!HairspringError.is(error) || !SHUT_CODES.includes(error.code)) throw error;
          shut.set(namespace, error);
        }
      }),
    );
    return shut;
  }

  #wait(definition: FunctionDefinition, error: unknown): void {
    this.#waiting.set(definition.id, { definition, reason: HairspringError.from(error).message });
    this.#tellLeftOut(definition, error);
  }

  async #restoreWithSecrets(stored: StoredDefinition): Promise<void> {
    try {
      await this.#serve(stored);
    } catch (error) {
      if (!isOfSecrets(error)) throw error;
      this.#wait(stored.definition, error);
    }
  }

  async #serve(stored: StoredDefinition): Promise<void> {
    const { cells, secrets } = this.#options;
    const spec = toSpec(stored.definition);
    secrets.checkSet(spec);
    await cells.activate([spec]);
    this.#keep(stored);
    this.#waiting.delete(spec.id);
  }

  #tellLeftOut({ name, namespace }: FunctionDefinition, error: unknown): void {
    const { message } = HairspringError.from(error);
    this.#options.logger.error('A function is not restored', { name, namespace, error: message });
  }

  /** The functions of a namespace, of all nodes. */
  async storedIn(namespace: string): Promise<readonly FunctionDefinition[]> {
    const stored = await this.#store.allOf(namespace, this.#options.logger);
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
    for (const one of this.known().filter(isBound)) {
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
  async #refresh({ id, name, namespace }: FunctionDefinition): Promise<boolean> {
    if (this.#byId.has(id)) {
      await this.#options.cells.refresh({ id, namespace });
      return true;
    }
    // Meanwhile another node may have replaced or removed it.
    const stored = await this.#store.get(namespace, name);
    if (stored === undefined || !this.#waiting.has(id)) {
      this.#waiting.delete(id);
      return false;
    }
    await this.#cache.ensure(stored.definition.artifact.digest);
    await this.#serve(stored);
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
      this.known().some(
        ({ namespace, artifact }) => namespace === request.namespace && artifact.digest === digest,
      );
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
    const serving = this.#byId.get(definition.id)?.definition;
    if (serving?.version === definition.version && cells.sentenceOf(serving) === undefined) return serving;
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
      await cells.activate([spec]);
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
    this.#keep({ definition, revision });
    this.#waiting.delete(definition.id);
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
    if (previous === undefined) await this.#store.remove(definition.namespace, definition.name);
    else await this.#store.put(previous.definition, revision);
  }

  /** @returns the definition that was removed; undefined when this node does not hold it */
  async undeploy(namespace: string, id: string): Promise<FunctionDefinition | undefined> {
    const definition = this.find(namespace, id);
    if (definition === undefined) return undefined;
    return this.#lock.run(`${definition.namespace}.${definition.name}`, async () => {
      if (!this.#byId.has(definition.id) && !this.#waiting.has(definition.id)) return undefined;
      await this.#store.remove(definition.namespace, definition.name);
      await this.#options.cells.deactivate(definition);
      // Last, so that whoever was told of a failure finds the function and can try again.
      this.#byId.delete(definition.id);
      this.routes.delete(definition.id);
      this.#waiting.delete(definition.id);
      return definition;
    });
  }

  /** Digests that functions name: those of this node, else those of all. */
  async #named(digests: readonly string[]): Promise<ReadonlySet<string>> {
    const own = new Set(this.known().map(({ artifact }) => artifact.digest));
    if (digests.every((digest) => own.has(digest))) return own;
    return new Set([...own, ...(await this.#store.digests())]);
  }

  /** Ends the removal of artifacts. */
  [Symbol.dispose](): void {
    this.#sweeper[Symbol.dispose]();
  }
}

function isOfSecrets(error: unknown): boolean {
  return HairspringError.is(error) && error.code.startsWith('HS_SECRET_');
}
