import {
  type CellOptions,
  type CellStats,
  type CheckResult,
  type Clock,
  type FunctionSpec,
  HairspringError,
  type HttpAsk,
  type Logger,
  type PendingAnswer,
  ReplySubjects,
  type SealedSecret,
} from '../../core/index.ts';
import type { Accounts, NamespaceAccess } from '../accounts/index.ts';
import type { SecretSource } from '../secrets/index.ts';
import type { CellReports } from '../telemetry/index.ts';
import { CellGroup } from './cell-group.ts';
import { CellProcess, type InspectSession } from './cell-process.ts';
import { checkInCell } from './check-in-cell.ts';
import { Quarantine } from './quarantine.ts';
import { SpareCells } from './spare-cells.ts';
import { type Sentence, Suspensions } from './suspensions.ts';

export interface CellSupervisorOptions {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spareCells: number;
  readonly secrets: SecretSource;
  /** Undefined: nobody asked for them. */
  readonly reports?: CellReports | undefined;
  readonly cell: Omit<CellOptions, 'cellId' | 'journalFd'>;
}

/** All cells of a node: one per namespace with functions, and the spares. */
export class CellSupervisor {
  readonly #options: CellSupervisorOptions;
  readonly #spares: SpareCells;
  readonly #groups = new Map<string, CellGroup>();
  readonly #quarantine: Quarantine;
  readonly #replySubjects: ReplySubjects;
  #lastCellId = 0;
  #stopping = false;

  constructor(options: CellSupervisorOptions) {
    this.#options = options;
    const { clock, logger } = options;
    this.#spares = new SpareCells({
      create: () => this.#createCell(),
      count: this.#spareCount(),
      clock,
      logger,
    });
    const replySubjects = new ReplySubjects(options.cell.replySubjects);
    this.#replySubjects = replySubjects;
    const { nodeId } = options.cell;
    this.#quarantine = new Quarantine({ ...options, nodeId, spares: this.#spares, replySubjects });
  }

  /** One more before the first function: its deployment takes a cell to try it in and one to serve it. */
  #spareCount(): number {
    const { spareCells } = this.#options;
    return spareCells > 0 && this.#groups.size === 0 ? spareCells + 1 : spareCells;
  }

  #createCell(): CellProcess {
    this.#lastCellId += 1;
    const { cell, logger, clock } = this.#options;
    return new CellProcess({ ...cell, cellId: `c${this.#lastCellId}` }, logger, clock);
  }

  get pids(): readonly number[] {
    return [
      ...[...this.#groups.values()].flatMap(({ pids }) => pids),
      ...this.#quarantine.pids,
      ...this.#spares.pids,
    ];
  }

  /** @throws HS_DRAINING */
  #group(namespace: string, access: NamespaceAccess): CellGroup {
    const present = this.#groups.get(namespace);
    if (present !== undefined) return present;
    if (this.#stopping) throw new HairspringError('HS_DRAINING', 'The node is stopping');
    const { clock, logger, reports, secrets, cell } = this.#options;
    const spares = this.#spares;
    const onEmpty = (): void => this.#drop(namespace, group);
    const suspensions = new Suspensions();
    const quarantine = (spec: FunctionSpec): Promise<void> | undefined =>
      this.#quarantine.admit(spec, access, suspensions);
    const group = new CellGroup({
      namespace,
      nodeId: cell.nodeId,
      access,
      spares,
      clock,
      logger,
      suspensions,
      secrets,
      replySubjects: this.#replySubjects,
      quarantine,
      reports,
      onEmpty,
    });
    this.#groups.set(namespace, group);
    if (this.#groups.size === 1) spares.keep(this.#spareCount());
    return group;
  }

  #drop(namespace: string, group: CellGroup): void {
    if (this.#stopping || this.#groups.get(namespace) !== group) return;
    this.#groups.delete(namespace);
    this.#spares.keep(this.#spareCount());
  }

  /**
   * Loads a function in a spare cell, where no tenant's work is, and throws its isolate away.
   * @param beforehand called when its turn has come; when that throws it is not loaded
   * @throws the code that says why it does not load; HS_CELL_START, HS_CELL_LOST when that could not be tried
   */
  async check(spec: FunctionSpec, beforehand: () => void): Promise<CheckResult> {
    return await this.#spares.lend(spec.namespace, async (cell) => {
      beforehand();
      return await checkInCell(cell, spec);
    });
  }

  /** Serves a function, in the place of its earlier version; when that fails, the earlier one is served on. */
  async activate(spec: FunctionSpec): Promise<void> {
    const { id, namespace } = spec;
    const access = await this.#options.accounts.open(namespace);
    await this.#group(namespace, access).activate([spec]);
    // A new version is innocent: what the old one had begun it finishes where it is.
    void this.#quarantine.release(id, true).catch(() => undefined);
  }

  /**
   * Serves functions of one namespace as they are stored, each in the place of its earlier version.
   * @returns false when a cell dies of it: they are served as soon as it can be done
   */
  async restore(namespace: string, specs: readonly FunctionSpec[]): Promise<boolean> {
    const access = await this.#options.accounts.open(namespace);
    const isServed = await this.#group(namespace, access).restore(specs);
    for (const { id } of specs) void this.#quarantine.release(id, true).catch(() => undefined);
    return isServed;
  }

  /** Has a function run with the present values of its secrets; what it has begun it finishes with the earlier ones. */
  async refresh({ id, namespace }: Pick<FunctionSpec, 'id' | 'namespace'>): Promise<void> {
    await Promise.all(this.#groupsOf(namespace).map((group) => group.refresh(id)));
  }

  /**
   * Has a cell of the namespace try whether a secret opens.
   * @returns false when there is no such cell
   * @throws HS_SECRET_… saying why it does not open
   */
  async openSecret(namespace: string, secret: SealedSecret): Promise<boolean> {
    return (await this.#groups.get(namespace)?.openSecret(secret)) ?? false;
  }

  async deactivate({ id, namespace }: Pick<FunctionSpec, 'id' | 'namespace'>): Promise<void> {
    // A recovery that is under way may yet put it into quarantine.
    await this.#groups.get(namespace)?.deactivate(id);
    await this.#quarantine.release(id, false);
    // What cannot be opened has given out nothing.
    const access = await this.#options.accounts.open(namespace).catch(() => undefined);
    access?.withdraw(id);
  }

  /** What a function is sentenced to for killing cells; undefined for nothing. */
  sentenceOf({ id, namespace }: Pick<FunctionSpec, 'id' | 'namespace'>): Sentence | undefined {
    return this.#quarantine.sentenceOf(id) ?? this.#groups.get(namespace)?.sentenceOf(id);
  }

  /** Of the cells of a namespace, with the figures of some functions; null: of all. */
  async stats(namespace: string, functionIds: readonly string[] | null): Promise<readonly CellStats[]> {
    const groups = this.#groupsOf(namespace);
    const stats = await Promise.all(groups.map((group) => group.stats(functionIds).catch(() => undefined)));
    return stats.filter((one) => one !== undefined);
  }

  /** Ends invocations of a function, all or the one with this id. @returns how many */
  async cancel(
    { id, namespace }: Pick<FunctionSpec, 'id' | 'namespace'>,
    invocationId: string | null,
  ): Promise<number> {
    return (await this.#groupOf(namespace, id)?.cancel(id, invocationId)) ?? 0;
  }

  /** Hands an HTTP request to a function. @throws HS_FUNCTION_NOT_FOUND, HS_FUNCTION_SUSPENDED, HS_CELL_LOST */
  ask(namespace: string, ask: HttpAsk): PendingAnswer {
    const group = this.#groupOf(namespace, ask.id);
    if (group === undefined)
      throw new HairspringError('HS_FUNCTION_NOT_FOUND', 'The function is not deployed here');
    return group.ask(ask);
  }

  /** Attaches a debugger to a function; `listen` hears null when that is over. @throws HS_FUNCTION_NOT_FOUND, HS_CELL_LOST */
  async inspect(
    { id, namespace }: Pick<FunctionSpec, 'id' | 'namespace'>,
    listen: (message: string | null) => void,
  ): Promise<InspectSession> {
    const group = this.#groupOf(namespace, id);
    if (group === undefined)
      throw new HairspringError('HS_FUNCTION_NOT_FOUND', 'The function is not deployed here');
    return await group.inspect(id, listen);
  }

  async tap(namespace: string, untilMs: number): Promise<void> {
    await Promise.all(this.#groupsOf(namespace).map((group) => group.tap(untilMs)));
  }

  #groupsOf(namespace: string): readonly CellGroup[] {
    const own = this.#groups.get(namespace);
    return [...(own === undefined ? [] : [own]), ...this.#quarantine.groupsOf(namespace)];
  }

  /** The one that has a function, which in quarantine is not that of its namespace. */
  #groupOf(namespace: string, functionId: string): CellGroup | undefined {
    return this.#groupsOf(namespace).find((group) => group.has(functionId));
  }

  /** Takes no new work anywhere and resolves when all accepted work is finished, or soon after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    const groups = [...this.#groups.values()].map((group) => group.drain(graceMs));
    await Promise.all([...groups, this.#quarantine.drain(graceMs)]);
    this.#groups.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0);
    await this.#spares[Symbol.asyncDispose]();
  }
}
