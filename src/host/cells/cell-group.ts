import {
  type AdoptedMessage,
  type CellStats,
  type Clock,
  type ErrorCode,
  type FunctionSpec,
  HairspringError,
  type HttpAsk,
  type Logger,
  type PendingAnswer,
  type SealedSecret,
} from '../../core/index.ts';
import type { NamespaceAccess } from '../accounts/index.ts';
import type { SecretSource } from '../secrets/index.ts';
import type { CellReports } from '../telemetry/index.ts';
import { lostError } from './blame.ts';
import { BoundCell } from './bound-cell.ts';
import { CallerAnswers } from './caller-answers.ts';
import type { CellExit, CellProcess, InspectSession } from './cell-process.ts';
import { orLate } from './deadline.ts';
import { OrphanSocket } from './orphan-socket.ts';
import { renewEvery } from './renewal.ts';
import { RequestsOfGroup } from './requests-of-group.ts';
import type { SpareCells } from './spare-cells.ts';
import type { Sentence, Suspensions } from './suspensions.ts';
import { Turns } from './turns.ts';
import { createJudge, type Judge } from './verdict.ts';

/** Callers of a dead cell hear something within this time, whether or not another cell is up. */
const ANSWER_BY_MS = 400;
/** And those that come in while there is still no other, within this. */
const ANSWER_AGAIN_MS = 200;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;
/** How much longer than the grace of a drain a cell may take before it is ended by force. */
const DRAIN_MARGIN_MS = 1_000;
/** How long the callers of a cell that was ended so may take to be answered. */
const ANSWER_STUCK_MS = 2_000;
/** A cell without functions only finishes what replaced versions had begun, each with its own deadline. */
const RELEASE_GRACE_MS = 300_000;

/** What a cell ends with that says nothing of the functions. */
const CELL_TROUBLE: ReadonlySet<ErrorCode> = new Set(['HS_CELL_LOST', 'HS_CELL_START']);

export interface CellGroupOptions {
  readonly namespace: string;
  readonly access: NamespaceAccess;
  readonly spares: SpareCells;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly suspensions: Suspensions;
  readonly secrets: SecretSource;
  /**
   * Takes over a function that kills cells, in a cell of its own. Undefined when it cannot or when this group is such
   * a cell: then the function stays here. Called within a turn, so it must not wait for one of this group.
   */
  readonly quarantine: (spec: FunctionSpec) => Promise<void> | undefined;
  /** Undefined: nobody asked for it. */
  readonly reports: CellReports | undefined;
  /** Called when the group has neither functions nor a cell any more, and nothing to do. */
  readonly onEmpty: () => void;
}

/** One trust group: its functions, and the cell that serves them, replaced whenever it dies. */
export class CellGroup {
  readonly #options: CellGroupOptions;
  readonly #answers: CallerAnswers;
  readonly #functions = new Map<string, FunctionSpec>();
  readonly #suspensions: Suspensions;
  readonly #judge: Judge;
  readonly #requests: RequestsOfGroup;
  /** One change of the group at a time. */
  readonly #turns: Turns;
  /** Those that serve, begin to, or finish what they had begun. */
  readonly #cells = new Set<CellProcess>();
  readonly #releases = new Set<Promise<void>>();
  #stopRenewing: () => void = () => undefined;
  #bound: BoundCell | undefined;
  #stopping = false;

  constructor(options: CellGroupOptions) {
    this.#options = options;
    this.#answers = new CallerAnswers(options);
    this.#requests = new RequestsOfGroup(options.clock);
    const nameOf = (id: string): string | undefined => this.#functions.get(id)?.name;
    this.#suspensions = options.suspensions;
    this.#judge = createJudge({ ...options, nameOf });
    this.#turns = new Turns(() => this.#tellIfEmpty());
    const { access, clock } = options;
    if (access.renewMs !== undefined)
      this.#stopRenewing = renewEvery(clock, access.renewMs, () => this.#renew());
  }

  get pids(): readonly number[] {
    return [...this.#cells]
      .filter(({ state }) => state !== 'dead')
      .map(({ pid }) => pid)
      .filter((pid) => pid !== undefined);
  }

  get isEmpty(): boolean {
    return this.#functions.size === 0 && this.#cells.size === 0 && !this.#turns.busy;
  }

  #tellIfEmpty(): void {
    if (!this.isEmpty) return;
    this.#stopRenewing();
    this.#options.onEmpty();
  }

  #renew(): void {
    const served = [...this.#functions.values()].filter(({ id }) => this.#isServed(id));
    this.#bound?.renew(served).catch((error: unknown) => {
      const { namespace, logger } = this.#options;
      const { message } = HairspringError.from(error);
      logger.error('Credentials could not be renewed', { namespace, error: message });
    });
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
      this.#functions.set(spec.id, spec);
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
    const earlier = specs.map(({ id }) => this.#functions.get(id));
    const lifted = specs.map(({ id }) => this.#suspensions.lift(id));
    for (const spec of specs) this.#functions.set(spec.id, spec);
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
      for (const [index, { id }] of specs.entries()) {
        const spec = earlier[index];
        if (spec === undefined) this.#functions.delete(id);
        else this.#functions.set(id, spec);
        this.#suspensions.restore(id, lifted[index]);
      }
      await this.#revert(specs);
      throw error;
    }
  }

  async #serve(specs: readonly FunctionSpec[]): Promise<void> {
    if (this.#bound === undefined) await this.#bind();
    else await this.#bound.activate(specs);
  }

  /** Takes `specs` back in the cell, if there still is one. */
  async #revert(specs: readonly FunctionSpec[]): Promise<void> {
    const bound = this.#bound;
    if (bound === undefined || bound.cell.state === 'dead') return;
    const earlier = specs.flatMap(({ id }) => (this.#isServed(id) ? (this.#functions.get(id) ?? []) : []));
    for (const { id } of specs) if (!this.#isServed(id)) void bound.deactivate(id);
    if (this.#functions.size === 0) {
      this.#bound = undefined;
      void this.#release(bound).catch(() => undefined);
      return;
    }
    try {
      await bound.activate(earlier);
    } catch {
      // Whatever it serves now, it is not what it should: its successor begins with what is right.
      bound.cell.kill();
    }
  }

  #isServed(functionId: string): boolean {
    return this.#functions.has(functionId) && this.#suspensions.reasonOf(functionId) === undefined;
  }

  /** Has a function run with the present values of its secrets, if it is one of this group. */
  async refresh(functionId: string): Promise<void> {
    await this.#turns.run(async () => {
      const spec = this.#functions.get(functionId);
      if (spec !== undefined && this.#isServed(functionId)) await this.#bound?.activate([spec]);
    });
  }

  /** Has the cell try whether a secret opens. @returns false when there is no cell; throws why it does not open */
  async openSecret(secret: SealedSecret): Promise<boolean> {
    const cell = this.#bound?.cell;
    await cell?.command('openSecret', { secret });
    return cell !== undefined;
  }

  /** Resolves when the function's accepted work is finished; others may come and go meanwhile. */
  async deactivate(functionId: string): Promise<void> {
    const { finishing } = await this.#turns.run(async () => {
      const name = this.#functions.get(functionId)?.name;
      this.#functions.delete(functionId);
      if (name !== undefined) this.#options.reports?.undeployed(this.#options.namespace, name);
      this.#suspensions.lift(functionId);
      const bound = this.#bound;
      if (this.#functions.size > 0) return { finishing: bound?.deactivate(functionId) };
      // Whoever deploys from now on gets another cell, so that this one can be given up.
      this.#bound = undefined;
      void bound?.deactivate(functionId);
      return { finishing: bound && this.#release(bound) };
    });
    await finishing;
  }

  /** Gives up a cell when it has finished what its functions had begun, all of which leave. */
  async #release(bound: BoundCell): Promise<void> {
    const released = Promise.all(bound.finishing)
      .then(() => this.#finish(bound, RELEASE_GRACE_MS))
      .finally(() => this.#releases.delete(released));
    this.#releases.add(released);
    await released;
    this.#tellIfEmpty();
  }

  /** Ends a cell when it has finished its work. If it dies before, its callers are answered in a turn of its own. */
  async #finish(bound: BoundCell, graceMs: number): Promise<void> {
    try {
      await bound.cell.command('drain', { graceMs });
      bound.finished = true;
      await this.#dispose(bound);
    } catch {
      bound.cell.kill();
      await bound.cell.exited;
    }
  }

  async #dispose(bound: BoundCell): Promise<void> {
    const { cell } = bound;
    await cell[Symbol.asyncDispose]();
    // Not before: what is still in the socket of a dead cell is read first.
    bound.withdraw();
    this.#cells.delete(cell);
  }

  async stats(functionIds: readonly string[] | null): Promise<CellStats | undefined> {
    return this.#bound?.cell.command('stats', { functionIds });
  }

  has(functionId: string): boolean {
    return this.#functions.has(functionId);
  }

  /** @throws HS_FUNCTION_SUSPENDED, HS_CELL_LOST */
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

  /**
   * Takes a cell into the group and lets it serve every function that is not suspended.
   * @param beforeServing waited for when the cell is about to subscribe
   */
  async #bind(
    coldReason: 'first' | 'crash' = 'first',
    beforeServing: () => Promise<void> = () => Promise.resolve(),
  ): Promise<BoundCell> {
    const { spares, namespace, access, secrets, logger } = this.#options;
    const cell = await spares.take(namespace);
    this.#cells.add(cell);
    this.#listenTo(cell);
    const bound = new BoundCell(cell, access, secrets, logger);
    try {
      if (this.#stopping) throw new HairspringError('HS_DRAINING', 'The node is stopping');
      await bound.assign(namespace);
      await beforeServing();
      const served = [...this.#functions.values()].filter(({ id }) => this.#isServed(id));
      await bound.activate(served, coldReason);
    } catch (error) {
      const died = cell.state === 'dead';
      cell.kill();
      const exit = await cell.exited;
      // It may have begun to serve.
      if (died || bound.recover().open.length > 0) {
        const verdict = this.#judge(bound, exit);
        this.#answers.sendBegun(bound.recover().open, verdict);
        // Who deploys takes back what it was that killed the cell; who replaces a cell needs one that lives.
        if (coldReason === 'crash') for (const id of verdict.quarantinedIds) this.#quarantine(id);
      }
      const socket = bound.takeSocket();
      const unread = await (socket && new OrphanSocket(socket, this.#options.clock).finish([]));
      for (const message of bound.recover(unread).unstarted) this.#answers.send(message, lostError());
      await this.#dispose(bound);
      throw error;
    }
    this.#bound = bound;
    cell.exited.then((exit) => this.#onExit(bound, exit)).catch(() => undefined);
    return bound;
  }

  #listenTo(cell: CellProcess): void {
    const { reports, namespace } = this.#options;
    if (reports === undefined) return;
    const identity = { id: cell.id, namespace };
    cell.onTelemetry = (report) => reports.report(identity, report, (id) => this.#functions.get(id)?.name);
    cell.exited.then(() => reports.ended(identity)).catch(() => undefined);
  }

  /** Binds as soon as it can be done: the server may be away, or a cell die while it starts. */
  async #rebind(beforeServing?: () => Promise<void>): Promise<BoundCell | undefined> {
    const { clock, logger, namespace } = this.#options;
    let delayMs = FIRST_RETRY_MS;
    while (!this.#stopping && [...this.#functions.keys()].some((id) => this.#isServed(id))) {
      // A deployment that was waiting when the cell died has bound another one.
      if (this.#bound !== undefined) return this.#bound;
      try {
        return await this.#bind('crash', beforeServing);
      } catch (error) {
        const { message } = HairspringError.from(error);
        logger.error('A cell could not be replaced', { namespace, error: message, retryInMs: delayMs });
      }
      await clock.sleep(delayMs);
      delayMs = Math.min(2 * delayMs, LAST_RETRY_MS);
    }
    return undefined;
  }

  #onExit(bound: BoundCell, exit: CellExit): void {
    if (this.#bound === bound) this.#bound = undefined;
    if (bound.finished) return;
    void this.#turns
      .run(() => this.#recover(bound, exit))
      .catch((error: unknown) => {
        const { message } = HairspringError.from(error);
        this.#options.logger.error('A dead cell could not be answered for', { error: message });
      });
  }

  /** Answers or hands over everything that a dead cell had taken on, and puts another in its place. */
  async #recover(dead: BoundCell, exit: CellExit): Promise<void> {
    const { clock, reports, namespace } = this.#options;
    reports?.died(namespace);
    const socket = dead.takeSocket();
    const orphan = socket === undefined ? undefined : new OrphanSocket(socket, clock);
    // First, so that a successor does not begin with what is suspended now.
    const verdict = this.#judge(dead, exit);
    this.#requests.judged(dead, verdict);
    for (const id of verdict.quarantinedIds) this.#quarantine(id);
    // What comes for all reaches the dead cell's socket and its successor, and is to run once.
    const replacement = this.#rebind(async () => {
      if (dead.fanoutSids.size > 0) await orphan?.unsubscribe([...dead.fanoutSids]);
    });
    this.#answers.sendBegun(dead.recover().open, verdict);
    let answered = 0;
    let bound = await orLate(replacement, clock, ANSWER_BY_MS);
    while (bound === 'late') {
      // Until there is another cell, the dead one's subscriptions stay: a coded error beats no responders.
      const late = dead.recover(orphan?.read(), false).unstarted;
      for (const message of late.slice(answered)) this.#answers.send(message, lostError());
      answered = late.length;
      bound = await orLate(replacement, clock, ANSWER_AGAIN_MS);
    }
    const { unstarted } = dead.recover(await orphan?.finish([...dead.sids.keys()]));
    await this.#handOver(unstarted.slice(answered), bound);
    await this.#dispose(dead);
  }

  /** Gives a function away, so that the cell that comes next does not serve it. */
  #quarantine(functionId: string): void {
    const spec = this.#functions.get(functionId);
    if (spec === undefined) return;
    const placed = this.#options.quarantine(spec);
    if (placed === undefined) {
      this.#suspensions.pardon(spec.id);
      return;
    }
    this.#functions.delete(spec.id);
    placed.catch((error: unknown) => {
      const { message } = HairspringError.from(error);
      this.#options.logger.error('A function could not be quarantined', {
        function: spec.name,
        error: message,
      });
    });
  }

  async #handOver(unstarted: readonly AdoptedMessage[], bound: BoundCell | undefined): Promise<void> {
    const adoptable = ({ functionId }: AdoptedMessage): boolean =>
      bound !== undefined && this.#isServed(functionId);
    for (const message of unstarted) if (!adoptable(message)) this.#answers.send(message, lostError());
    const messages = unstarted.filter(adoptable);
    if (messages.length === 0 || bound === undefined) return;
    for (const message of await bound.adopt(messages)) this.#answers.send(message, lostError());
  }

  /** Takes no new work, finishes what is accepted, and ends the cell: within `graceMs` and a little, come what may. */
  async drain(graceMs: number): Promise<void> {
    const { clock, logger, namespace } = this.#options;
    this.#stopping = true;
    this.#stopRenewing();
    void this.#turns.run(async () => {
      if (this.#bound !== undefined) await this.#finish(this.#bound, graceMs);
    });
    if ((await orLate(this.#settled(), clock, graceMs + DRAIN_MARGIN_MS)) !== 'late') return;
    logger.warn('A cell did not finish in time and is ended', { namespace, graceMs });
    for (const cell of this.#cells) cell.kill();
    await orLate(this.#settled(), clock, ANSWER_STUCK_MS);
  }

  async #settled(): Promise<void> {
    while (this.#releases.size > 0 || this.#turns.busy) {
      await Promise.allSettled(this.#releases);
      await this.#turns.settled();
    }
  }
}
