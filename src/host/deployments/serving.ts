import {
  checkWithheld,
  type FunctionDefinition,
  HairspringError,
  type Logger,
  type SealedSecret,
  toSpec,
  type Withheld,
} from '../../core/index.ts';
import type { Accounts } from '../accounts/index.ts';
import type { CellSupervisor } from '../cells/index.ts';
import type { SecretShelf } from '../secrets/index.ts';
import type { ArtifactCache } from './artifact-cache.ts';
import type { StoredDefinition } from './definition-store.ts';
import type { KnownFunctions } from './known-functions.ts';

export interface ServingOptions {
  readonly accounts: Accounts;
  readonly cache: ArtifactCache;
  readonly functions: KnownFunctions;
  readonly cells: CellSupervisor;
  readonly secrets: SecretShelf;
  readonly withheld: Withheld;
  readonly logger: Logger;
}

/** Has the cells serve functions as they are stored, or no more. Its callers have the lock of the function's name. */
export class Serving {
  readonly #options: ServingOptions;
  /** Functions that are served no more and finish what they had accepted, by id. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /**
   * Sees to it that the artifact of a function is on this node, if it may be served here.
   * @throws HS_SERVICE_WITHHELD, HS_ARTIFACT_…, HS_NATS_…
   */
  async fetch({ definition, unknown }: StoredDefinition): Promise<void> {
    if (unknown !== undefined)
      throw new HairspringError(
        'HS_INTERNAL',
        'It is stored in a form that this node does not know; another version of Hairspring has stored it',
        { hint: 'Run the version that has stored it on this node, or deploy the function again' },
      );
    checkWithheld(definition, this.#options.withheld);
    await this.#options.cache.ensure(definition.artifact.digest);
  }

  /** Serves a function as it is stored, in the place of its earlier version. @throws why that cannot be done now */
  async serve(stored: StoredDefinition): Promise<void> {
    const { accounts, cells, secrets } = this.#options;
    const spec = toSpec(stored.definition);
    if (this.#leaving.has(spec.id))
      throw new HairspringError('HS_DRAINING', 'Its earlier version finishes what it had accepted');
    // First what costs little: a function that waits for it is tried again and again.
    secrets.checkSet(spec);
    await accounts.open(spec.namespace);
    await this.fetch(stored);
    const sealed = secrets.sealedFor([spec]);
    await cells.restore(spec.namespace, [spec]);
    await this.served(stored, sealed);
  }

  /**
   * A function is served, as it is stored and with these secrets. Whoever has set one of them meanwhile may not have
   * known of it, so that it gets the value now.
   */
  async served(stored: StoredDefinition, sealed: readonly SealedSecret[]): Promise<void> {
    const { cells, secrets, functions, logger } = this.#options;
    const { definition } = stored;
    functions.serve(stored);
    if (secrets.sealedFor([toSpec(definition)]).every((secret) => sealed.includes(secret))) return;
    try {
      await cells.refresh(definition);
    } catch (error) {
      const { name, namespace } = definition;
      const { message } = HairspringError.from(error);
      logger.warn('A function does not have the new value of a secret', { name, namespace, error: message });
    }
  }

  /** As `serve`. When it cannot be served so, it is not served at all, and waits. */
  async takeOn(stored: StoredDefinition): Promise<void> {
    const { cells, functions, logger } = this.#options;
    const { id, name, namespace, version } = stored.definition;
    const serving = functions.serving(id);
    if (serving?.version === version && cells.sentenceOf(serving) === undefined) {
      functions.serve(stored);
      return;
    }
    try {
      await this.serve(stored);
      logger.info('A function is served as it is stored', { name, namespace, version });
    } catch (error) {
      if (serving !== undefined) void this.leave(serving);
      this.wait(stored, error);
    }
  }

  /** It is not served, for this reason, which is logged when it is another one than before. */
  wait(stored: StoredDefinition, error: unknown): void {
    const { functions, logger } = this.#options;
    const { id, name, namespace } = stored.definition;
    const known = HairspringError.from(error);
    const { message } = known;
    const isNew = functions.waitingFor(id) !== message;
    functions.wait(stored, message, known);
    if (isNew) logger.error('A function is not restored', { name, namespace, error: message });
  }

  /** Serves a function no more. Resolves when what it had accepted is finished; never rejects. */
  leave(definition: FunctionDefinition): Promise<void> {
    const { cells, functions, logger } = this.#options;
    const { id, name, namespace } = definition;
    functions.delete(definition);
    const left = cells
      .deactivate(definition)
      .catch((error: unknown) => {
        const { message } = HairspringError.from(error);
        logger.error('A function could not be ended', { name, namespace, error: message });
      })
      .finally(() => this.#leaving.delete(id));
    this.#leaving.set(id, left);
    return left;
  }

  /** Resolves when nothing of the function is left of the time before. */
  async left({ id }: Pick<FunctionDefinition, 'id'>): Promise<void> {
    await this.#leaving.get(id);
  }
}
