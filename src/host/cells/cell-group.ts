import {
  type CellStats,
  type Clock,
  type ErrorCode,
  type FunctionSpec,
  HairspringError,
  type HttpAsk,
  type Logger,
  orLate,
  type PendingAnswer,
  type ReplySubjects,
  type SealedSecret,
} from '../../core/index.ts';
import type { NamespaceAccess } from '../accounts/index.ts';
import type { SecretSource } from '../secrets/index.ts';
import type { CellReports } from '../telemetry/index.ts';
import type { BoundCell } from './bound-cell.ts';
import { CallerAnswers } from './caller-answers.ts';
import { CellBinder } from './cell-binder.ts';
import type { CellExit, InspectSession } from './cell-process.ts';
import { CellRecovery } from './cell-recovery.ts';
import { CellRenewal } from './cell-renewal.ts';
import { createGiveAway, type GiveAwayOptions } from './give-away.ts';
import { GroupCells } from './group-cells.ts';
import { GroupFunctions } from './group-functions.ts';
import { renewEvery } from './renewal.ts';
import { RequestsOfGroup } from './requests-of-group.ts';
import type { SpareCells } from './spare-cells.ts';
import type { Sentence, Suspensions } from './suspensions.ts';
import { Turns } from './turns.ts';
import { createJudge } from './verdict.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;
/** How much longer than the grace of a drain a cell may take before it is ended by force. */
const DRAIN_MARGIN_MS = 1_000;
/** How long the callers of a cell that was ended so may take to be answered. */
const ANSWER_STUCK_MS = 2_000;
/** What a cell ends with that says nothing of the functions. */
const CELL_TROUBLE: ReadonlySet<ErrorCode> = new Set(['HS_CELL_LOST', 'HS_CELL_START']);

export interface CellGroupOptions {
  readonly namespace: string;
  readonly nodeId: string;
  readonly access: NamespaceAccess;
  readonly spares: SpareCells;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly suspensions: Suspensions;
  readonly secrets: SecretSource;
  readonly replySubjects: ReplySubjects;
  readonly quarantine: GiveAwayOptions['quarantine'];
  /** Undefined: nobody asked for it. */
  readonly reports: CellReports | undefined;
  /** Called when the group has neither functions nor a cell any more, and nothing to do. */
  readonly onEmpty: () => void;
}

/** The functions of a namespace, or one that is quarantined, and the cell that serves them, replaced whenever it dies. */
export class CellGroup {
  readonly #options: CellGroupOptions;
  readonly #functions: GroupFunctions;
  readonly #suspensions: Suspensions;
  readonly #requests: RequestsOfGroup;
  readonly #cells = new GroupCells();
  readonly #answers: CallerAnswers;
  readonly #binder: CellBinder;
  readonly #recovery: CellRecovery;
  readonly #renewal: CellRenewal;
  /** One change of the group at a time. */
  readonly #turns: Turns;
  #stopRenewing: () => void = () => undefined;
  #bound: BoundCell | undefined;
  #binding: Promise<BoundCell> | undefined;
  /** While another cell is bound in the place of a dead one. */
  #rebinding: Promise<BoundCell | undefined> | undefined;
  #stopping = false;

  constructor(options: CellGroupOptions) {
    this.#options = options;
    const { access, clock, suspensions } = options;
    const functions = new GroupFunctions(suspensions);
    const requests = new RequestsOfGroup(clock, (id) => functions.isServed(id));
    this.#functions = functions;
    this.#suspensions = suspensions;
    this.#requests = requests;
    this.#answers = new CallerAnswers(options);
    this.#turns = new Turns(() => this.#tellIfEmpty());
    const means = {
      ...options,
      functions,
      requests,
      cells: this.#cells,
      answers: this.#answers,
      judge: createJudge({ ...options, nameOf: (id) => functions.nameOf(id) }),
      giveAway: createGiveAway({ ...options, functions }),
    };
    const recovery = new CellRecovery({
      ...means,
      rebind: () => this.#rebind(),
      aside: (work) => this.#answerFor(this.#cells.track(work())),
      inTurn: (work) => this.#turns.run(work),
    });
    this.#recovery = recovery;
    this.#renewal = new CellRenewal({ ...means, handOver: (messages) => recovery.handOver(messages) });
    this.#binder = new CellBinder({ ...means, isStopping: () => this.#stopping });
    if (access.renewMs !== undefined)
      this.#stopRenewing = renewEvery({
        clock,
        periodMs: access.renewMs,
        isDue: () => this.#bound?.isWorn ?? false,
        renew: () => void this.#turns.run(() => this.#renew()),
      });
  }

  get pids(): readonly number[] {
    return this.#cells.pids;
  }

  get isEmpty(): boolean {
    return this.#functions.size === 0 && this.#cells.size === 0 && !this.#turns.busy;
  }

  #tellIfEmpty(): void {
    if (!this.isEmpty) return;
    this.#stopRenewing();
    this.#options.onEmpty();
  }

  async #renew(): Promise<void> {
    if (this.#bound !== undefined) await this.#renewal.renew(this.#bound);
  }

  get namespace(): string {
    return this.#options.namespace;
  }

  /** What a function is sentenced to for killing cells; undefined for nothing. */
  sentenceOf(functionId: string): Sentence | undefined {
    return this.#suspensions.sentenceOf(functionId);
  }

  /** Begins to serve a function as it is, with what is held against it: the first and only one of this group. */
  async takeOver(spec: FunctionSpec): Promise<void> {
    await this.#turns.run(async () => {
      this.#functions.add(spec);
      await this.#rebind();
    });
  }

  /**
   * Serves `specs` as they are stored, each in the place of its earlier version.
   * @returns false when a cell dies of it: then they are served as soon as it can be done
   */
  async restore(specs: readonly FunctionSpec[]): Promise<boolean> {
    return await this.#turns.run(async () => {
      if (await this.#replace(specs, 'stored')) return true;
      if (this.#bound === undefined) void this.#turns.run(() => this.#rebind());
      return false;
    });
  }

  /** Serves `specs`, each in the place of its earlier version. When that fails, the earlier ones are served on. */
  async activate(specs: readonly FunctionSpec[]): Promise<void> {
    await this.#turns.run(() => this.#replace(specs, 'new'));
  }

  /**
   * @param what when they are stored, `specs` are those of the group also after what says nothing of them; when they
   *   are new, they are to listen everywhere
   * @returns false when they are not served yet
   */
  async #replace(specs: readonly FunctionSpec[], what: 'stored' | 'new'): Promise<boolean> {
    const takeBack = this.#functions.replace(specs);
    try {
      await this.#serve(specs);
      if (what === 'new') this.#bound?.assertListening(specs);
      return true;
    } catch (error) {
      if (what === 'stored' && HairspringError.is(error) && CELL_TROUBLE.has(error.code)) {
        const { logger, namespace } = this.#options;
        logger.error('Functions are not served yet', { namespace, error: error.message });
        return false;
      }
      takeBack();
      await this.#revert(specs);
      throw error;
    }
  }

  async #serve(specs: readonly FunctionSpec[]): Promise<void> {
    // The place of a cell that died may be being filled beside the turns, by one that was begun without these.
    const bound = this.#bound ?? (await this.#binding?.catch(() => undefined));
    if (bound === undefined) await this.#bind('first');
    else await bound.activate(specs);
  }

  /** Takes `specs` back in the cell, if there still is one. */
  async #revert(specs: readonly FunctionSpec[]): Promise<void> {
    const bound = this.#bound;
    if (bound === undefined || bound.cell.state === 'dead') return;
    const earlier = specs.flatMap(({ id }) =>
      this.#functions.isServed(id) ? (this.#functions.get(id) ?? []) : [],
    );
    for (const { id } of specs) if (!this.#functions.isServed(id)) void bound.deactivate(id);
    if (this.#functions.size === 0) {
      this.#bound = undefined;
      void this.#release(bound).catch(() => undefined);
      return;
    }
    if (earlier.length === 0) return;
    try {
      await bound.activate(earlier);
    } catch {
      // Whatever it serves now, it is not what it should: its successor begins with what is right.
      bound.cell.kill();
    }
  }

  /** Has a function run with the present values of its secrets, if it is one of this group. */
  async refresh(functionId: string): Promise<void> {
    await this.#turns.run(async () => {
      const spec = this.#functions.get(functionId);
      if (spec !== undefined && this.#functions.isServed(functionId)) await this.#bound?.activate([spec]);
    });
  }

  /** Has the cell try whether a secret opens. @returns false when there is no cell; throws why it does not open */
  async openSecret(secret: SealedSecret): Promise<boolean> {
    const cell = this.#bound?.cell;
    await cell?.command('openSecret', { secret });
    return cell !== undefined;
  }

  /**
   * Resolves when the function's accepted work is finished; others may come and go meanwhile.
   * @param isServedElsewhere what is known of it and held against it is then that of a newer version
   */
  async deactivate(functionId: string, isServedElsewhere = false): Promise<void> {
    const { finishing } = await this.#turns.run(async () => {
      const name = this.#functions.nameOf(functionId);
      this.#functions.delete(functionId);
      if (!isServedElsewhere) {
        if (name !== undefined) this.#options.reports?.undeployed(this.#options.namespace, name);
        this.#suspensions.lift(functionId);
      }
      const bound = this.#bound;
      if (this.#functions.size > 0) return { finishing: bound?.deactivate(functionId) };
      // Whoever deploys from now on gets another cell, so that this one can be given up.
      this.#bound = undefined;
      void bound?.deactivate(functionId);
      return { finishing: bound && this.#release(bound) };
    });
    await finishing;
  }

  /** Gives up a cell, whose functions all leave, when it has finished what they had begun. */
  async #release(bound: BoundCell): Promise<void> {
    await this.#cells.release(bound);
    this.#tellIfEmpty();
  }

  async stats(functionIds: readonly string[] | null): Promise<CellStats | undefined> {
    return this.#bound?.cell.command('stats', { functionIds });
  }

  has(functionId: string): boolean {
    return this.#functions.has(functionId);
  }

  /** @throws HS_FUNCTION_SUSPENDED */
  ask(ask: HttpAsk): PendingAnswer {
    const reason = this.#suspensions.reasonOf(ask.id);
    if (reason !== undefined)
      throw new HairspringError('HS_FUNCTION_SUSPENDED', `The function is suspended: ${reason}`);
    return this.#requests.ask(this.#bound, ask);
  }

  async cancel(id: string, invocationId: string | null): Promise<number> {
    return (await this.#bound?.cell.command('cancel', { id, invocationId }))?.cancelled ?? 0;
  }

  /** @throws HS_CELL_LOST when no cell serves the group at the moment */
  async inspect(id: string, listen: (message: string | null) => void): Promise<InspectSession> {
    const cell = this.#bound?.cell;
    if (cell === undefined) throw new HairspringError('HS_CELL_LOST', 'No cell serves the function now');
    return await cell.inspect(id, listen);
  }

  async tap(untilMs: number): Promise<void> {
    await this.#bound?.cell.command('tap', { untilMs });
  }

  /** One cell is bound at a time: a second one would answer beside it, and nobody would end it. */
  #bind(coldReason: 'first' | 'crash'): Promise<BoundCell> {
    this.#binding ??= this.#bindNew(coldReason).finally(() => {
      this.#binding = undefined;
    });
    return this.#binding;
  }

  async #bindNew(coldReason: 'first' | 'crash'): Promise<BoundCell> {
    const bound = await this.#binder.bind(coldReason);
    this.#bound = bound;
    this.#requests.bound(bound);
    bound.cell.exited.then((exit) => this.#onExit(bound, exit)).catch(() => undefined);
    return bound;
  }

  /** Binds as soon as it can be done. Whoever asks while that is under way gets the same cell. */
  #rebind(): Promise<BoundCell | undefined> {
    this.#rebinding ??= this.#bindUntilBound().finally(() => {
      this.#rebinding = undefined;
    });
    return this.#rebinding;
  }

  /** The server may be away, or a cell die while it starts. */
  async #bindUntilBound(): Promise<BoundCell | undefined> {
    const { clock, logger, namespace } = this.#options;
    let delayMs = FIRST_RETRY_MS;
    while (!this.#stopping && this.#functions.served.length > 0) {
      // A deployment that was waiting when the cell died has bound another one.
      if (this.#bound !== undefined) return this.#bound;
      try {
        await this.#assertReachable();
        return this.#bound ?? (await this.#bind('crash'));
      } catch (error) {
        const { message } = HairspringError.from(error);
        logger.error('A cell could not be replaced', { namespace, error: message, retryInMs: delayMs });
      }
      await clock.sleep(delayMs);
      delayMs = Math.min(2 * delayMs, LAST_RETRY_MS);
    }
    return undefined;
  }

  /** A cell that cannot connect would be given up, and its process with it. @throws HS_NATS_UNREACHABLE */
  async #assertReachable(): Promise<void> {
    const { access, clock } = this.#options;
    const { nc } = access;
    const reached = nc.flush().then(
      () => true,
      () => nc.isClosed(),
    );
    if ((await orLate(reached, clock, LAST_RETRY_MS)) !== true)
      throw new HairspringError('HS_NATS_UNREACHABLE', 'The NATS server cannot be reached at the moment');
  }

  #onExit(bound: BoundCell, exit: CellExit): void {
    if (this.#bound === bound) this.#bound = undefined;
    if (bound.finished) return;
    const dead = this.#recovery.takeOn(bound, exit);
    this.#answerFor(this.#turns.run(() => this.#recovery.recover(dead)));
  }

  #answerFor(recovered: Promise<void>): void {
    recovered.catch((error: unknown) => {
      const { message } = HairspringError.from(error);
      this.#options.logger.error('A dead cell could not be answered for', { error: message });
    });
  }

  /** Takes no new work, finishes what is accepted, and ends the cell: within `graceMs` and a little, come what may. */
  async drain(graceMs: number): Promise<void> {
    const { clock, logger, namespace } = this.#options;
    const untilMs = clock.monotonicMs() + graceMs;
    this.#stopping = true;
    this.#requests.end();
    this.#stopRenewing();
    void this.#turns.run(async () => {
      if (this.#bound !== undefined) await this.#cells.finish(this.#bound, graceMs);
    });
    if ((await orLate(this.#settled(), clock, graceMs + DRAIN_MARGIN_MS)) === 'late') {
      logger.warn('A cell did not finish in time and is ended', { namespace, graceMs });
      this.#cells.kill();
      await orLate(this.#settled(), clock, ANSWER_STUCK_MS);
    }
    // They may wait for a connection.
    await orLate(this.#answers.settled(), clock, Math.max(0, untilMs - clock.monotonicMs()));
  }

  async #settled(): Promise<void> {
    while (this.#cells.isReleasing || this.#turns.busy) {
      await this.#cells.released();
      await this.#turns.settled();
    }
  }
}
