import type { NatsConnection } from '@nats-io/transport-node';
import { putArtifact, type StartWorkloadRequest } from '../../control/index.ts';
import {
  type ArtifactRef,
  type Clock,
  type CodeCacheRecord,
  checkWithheld,
  type FunctionDefinition,
  type FunctionSpec,
  HairspringError,
  isHttpTrigger,
  type Logger,
  type StartRequest,
  toSpec,
  type Withheld,
} from '../../core/index.ts';
import { provisionBinding } from '../../hostservices/provision.ts';
import type { Accounts } from '../accounts/index.ts';
import type { CellSupervisor } from '../cells/index.ts';
import { checkRoutes } from '../http/index.ts';
import { parseStartRequest } from '../manifest/index.ts';
import type { SecretShelf } from '../secrets/index.ts';
import type { ArtifactCache } from './artifact-cache.ts';
import type { ArtifactSweeper } from './artifact-sweeper.ts';
import { checkHandlers } from './check-handlers.ts';
import type { DefinitionStore, StoredDefinition } from './definition-store.ts';
import { checkDeployRequest, checkExpected, resolveArtifact, toDefinition } from './deploy-request.ts';
import type { KeyLock } from './key-lock.ts';
import type { KnownFunctions } from './known-functions.ts';
import type { Serving } from './serving.ts';

export interface DeployerOptions {
  /** In the account of the nodes. */
  readonly nc: NatsConnection;
  readonly accounts: Accounts;
  readonly store: DefinitionStore;
  readonly cache: ArtifactCache;
  readonly sweeper: ArtifactSweeper;
  readonly functions: KnownFunctions;
  readonly serving: Serving;
  /** By namespace and name. */
  readonly lock: KeyLock;
  readonly cells: CellSupervisor;
  readonly secrets: SecretShelf;
  readonly withheld: Withheld;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Takes deployments, from the request to the cell that serves the function. */
export class Deployer {
  readonly #options: DeployerOptions;

  constructor(options: DeployerOptions) {
    this.#options = options;
  }

  /**
   * Deploys a function idle, or a new version in the place of the running one. Nothing changes when
   * any step fails. The same request again changes nothing.
   * @param timeoutMs how long the caller waits: what would be tried later than that is refused
   */
  async deploy(request: StartWorkloadRequest, timeoutMs: number): Promise<FunctionDefinition> {
    checkDeployRequest(request);
    const { lock, clock } = this.#options;
    const untilMs = clock.monotonicMs() + timeoutMs;
    const mustBeAwaited = (): void => {
      if (clock.monotonicMs() > untilMs) throw tooLate(request.name, timeoutMs);
    };
    return lock.run(`${request.namespace}.${request.name}`, () => this.#deploy(request, mustBeAwaited));
  }

  async #deploy(request: StartWorkloadRequest, mustBeAwaited: () => void): Promise<FunctionDefinition> {
    const { nc, accounts, functions, sweeper, cache } = this.#options;
    const start = parseStartRequest(request.run_request);
    const { nc: own } = await accounts.open(request.namespace);
    const isOwn = (digest: string): boolean =>
      functions
        .all()
        .some(({ namespace, artifact }) => namespace === request.namespace && artifact.digest === digest);
    sweeper.watch(request.namespace);
    const artifact = await resolveArtifact({ nc, own, cache, isOwn }, request, start);
    return await this.#deployArtifact(request, start, artifact, mustBeAwaited);
  }

  async #deployArtifact(
    request: StartWorkloadRequest,
    start: StartRequest,
    artifact: ArtifactRef,
    mustBeAwaited: () => void,
  ): Promise<FunctionDefinition> {
    const { nc, accounts, cells, clock, store, cache, functions, serving, secrets, withheld } = this.#options;
    const { nc: own } = await accounts.open(request.namespace);
    const previous = await store.get(request.namespace, request.name);
    const definition = toDefinition(request, start, artifact, previous?.definition, new Date(clock.now()));
    const served = functions.serving(definition.id);
    const isStored = previous?.definition.version === definition.version;
    if (isStored && served?.version === definition.version && cells.sentenceOf(served) === undefined)
      return served;
    checkExpected(request, previous?.definition);
    const spec = toSpec(definition);
    checkWithheld(spec, withheld);
    secrets.checkSet(spec);
    await this.#checkRoutes(definition);
    await this.#check(spec, mustBeAwaited);
    for (const [label, binding] of Object.entries(definition.bindings))
      await provisionBinding(own, label, binding);
    // Whatever has become of the one that the client brought, what is stored next has its artifact.
    await putArtifact(nc, artifact.digest, await cache.bytesOf(artifact.digest));
    const revision = await this.#put(definition, previous?.revision ?? 0);
    const sealed = secrets.sealedFor([spec]);
    try {
      await serving.left(definition);
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
    const known = functions.named(definition.namespace, definition.name)?.definition;
    if (known !== undefined && known.id !== definition.id) void serving.leave(known);
    await serving.served({ definition, revision }, sealed);
    return definition;
  }

  /** @throws HS_HANDLER_MISSING, HS_FUNCTION_LOAD, HS_FUNCTION_MEMORY, HS_CONTROL_OVERLOADED */
  async #check(spec: FunctionSpec, mustBeAwaited: () => void): Promise<void> {
    const { handlers, codeCache } = await this.#options.cells.check(spec, mustBeAwaited);
    checkHandlers(spec, handlers);
    if (codeCache !== null) this.#keepCodeCache(spec, codeCache);
  }

  /** @throws HS_ROUTE_TAKEN */
  async #checkRoutes(definition: FunctionDefinition): Promise<void> {
    if (!definition.triggers.some(isHttpTrigger)) return;
    const stored = await this.#options.store.allOf(definition.namespace);
    checkRoutes(
      definition,
      stored.map((one) => one.definition),
    );
  }

  /** Stores a definition. Of two functions that are deployed at the same time one finds the routes of the other. */
  async #put(definition: FunctionDefinition, revision: number): Promise<number> {
    const { store, lock } = this.#options;
    if (!definition.triggers.some(isHttpTrigger)) return await store.put(definition, revision);
    return await lock.run(`${definition.namespace} routes`, async () => {
      await this.#checkRoutes(definition);
      return await store.put(definition, revision);
    });
  }

  /** Without it a function is only slower to wake. */
  #keepCodeCache({ name, namespace, artifact }: FunctionSpec, codeCache: CodeCacheRecord): void {
    try {
      this.#options.cache.storeCodeCache(artifact.digest, codeCache);
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
    const { store } = this.#options;
    if (previous === undefined) await store.remove(definition, revision);
    else await store.putBack(previous, revision);
  }
}

/** Nobody would hear of it, and the next that waits has somebody who does. */
function tooLate(name: string, timeoutMs: number): HairspringError {
  const message = `Cannot deploy "${name}": its turn has come after the ${timeoutMs} ms that its caller waits`;
  return new HairspringError('HS_CONTROL_OVERLOADED', message);
}
