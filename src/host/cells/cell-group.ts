import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type AdoptedMessage,
  type CellStats,
  type Clock,
  errorBody,
  errorHeaderPairs,
  type FunctionSpec,
  HairspringError,
  INVOKE_TRIGGER,
  type Logger,
  type NatsEndpoint,
} from '../../core/index.ts';
import { guiltyCode, KILLS_TO_SUSPEND, KillCounter } from './blame.ts';
import type { CellExit, CellProcess } from './cell-process.ts';
import { drainSocket } from './held-socket.ts';
import { type OpenCall, recover, type SidLookup } from './recovery.ts';
import type { SpareCells } from './spare-cells.ts';

/** Callers of a dead cell hear something within this time, whether or not another cell is up. */
const ANSWER_BY_MS = 600;

export interface CellGroupOptions {
  readonly namespace: string;
  readonly nats: NatsEndpoint;
  readonly nc: NatsConnection;
  readonly spares: SpareCells;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Bound {
  readonly cell: CellProcess;
  /** By subscription id. */
  readonly sids: Map<number, { readonly functionId: string; readonly triggerIndex: number }>;
}

/** One trust group: its functions, and the cell that serves them, replaced whenever it dies. */
export class CellGroup {
  readonly #options: CellGroupOptions;
  readonly #functions = new Map<string, FunctionSpec>();
  readonly #suspended = new Map<string, string>();
  readonly #kills = new KillCounter();
  #bound: Bound | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #stopping = false;

  constructor(options: CellGroupOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#bound?.cell.pid;
  }

  get size(): number {
    return this.#functions.size;
  }

  /** Why a function is suspended; undefined when it is not. */
  suspendedReason(functionId: string): string | undefined {
    return this.#suspended.get(functionId);
  }

  /** One change of the group at a time. */
  async #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#tail.then(action, action);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Serves `specs`, each in the place of its earlier version. */
  async activate(specs: readonly FunctionSpec[]): Promise<void> {
    await this.#inTurn(async () => {
      for (const spec of specs) {
        this.#functions.set(spec.id, spec);
        this.#suspended.delete(spec.id);
        this.#kills.forget(spec.id);
      }
      if (this.#bound === undefined) await this.#bind();
      else await this.#activateIn(this.#bound, specs);
    });
  }

  /** Resolves when the function's accepted work is finished; others may come and go meanwhile. */
  async deactivate(functionId: string): Promise<void> {
    const { draining } = await this.#inTurn(async () => {
      this.#functions.delete(functionId);
      this.#suspended.delete(functionId);
      return { draining: this.#bound?.cell.command('deactivate', { id: functionId }) };
    });
    // A cell that dies now takes the rest of the function with it.
    await draining?.catch(() => undefined);
  }

  async stats(): Promise<CellStats | undefined> {
    return this.#bound?.cell.command('stats', {});
  }

  async tap(untilMs: number): Promise<void> {
    await this.#bound?.cell.command('tap', { untilMs });
  }

  /** Takes a cell into the group and lets it serve every function that is not suspended. */
  async #bind(): Promise<Bound> {
    const { spares, namespace, nats } = this.#options;
    const cell = await spares.take();
    const bound: Bound = { cell, sids: new Map() };
    cell.exited.then((exit) => this.#onExit(bound, exit)).catch(() => undefined);
    await cell.command('assign', { namespace, nats });
    this.#bound = bound;
    const specs = [...this.#functions.values()].filter(({ id }) => !this.#suspended.has(id));
    await this.#activateIn(bound, specs);
    return bound;
  }

  async #activateIn(bound: Bound, specs: readonly FunctionSpec[]): Promise<void> {
    const { sids, invokeSid } = await bound.cell.command('activate', { specs });
    bound.sids.set(invokeSid, { functionId: '', triggerIndex: INVOKE_TRIGGER });
    for (const [index, spec] of specs.entries()) {
      for (const [triggerIndex, sid] of (sids[index] ?? []).entries())
        bound.sids.set(sid, { functionId: spec.id, triggerIndex });
    }
  }

  #onExit(bound: Bound, exit: CellExit): void {
    if (this.#bound === bound) this.#bound = undefined;
    if (this.#stopping) return;
    void this.#inTurn(() => this.#recover(bound, exit)).catch((error: unknown) => {
      this.#options.logger.error('A cell could not be replaced', {
        namespace: this.#options.namespace,
        error: HairspringError.from(error).message,
      });
    });
  }

  /** Answers or hands over everything that a dead cell had taken on, and puts another in its place. */
  async #recover(dead: Bound, exit: CellExit): Promise<void> {
    const { logger, namespace, clock } = this.#options;
    const journal = dead.cell.journal.read();
    const lookup: SidLookup = (sid) => dead.sids.get(sid);
    const { enteredFunctionId, open } = recover(journal, new Uint8Array(0), lookup);
    const guilty = guiltyCode(dead.cell.journal.killReason, exit.signal);
    const guiltyId = guilty === undefined ? undefined : enteredFunctionId;
    const guiltyName = guiltyId === undefined ? undefined : this.#functions.get(guiltyId)?.name;
    logger.warn('A cell died', {
      namespace,
      pid: dead.cell.pid,
      signal: exit.signal ?? '',
      function: guiltyName ?? '',
      open: open.length,
      stderr: exit.stderr.slice(-300),
    });
    if (guilty !== undefined && guiltyId !== undefined) this.#count(guiltyId, guilty);
    for (const call of open)
      this.#answer(
        call,
        guilty !== undefined && call.functionId === guiltyId
          ? this.#guiltyError(guiltyName, guilty, exit)
          : this.#lostError(),
      );
    const replacement = this.#bind();
    replacement.catch(() => undefined);
    const inTime = await Promise.race([
      replacement.then((bound) => bound),
      clock.sleep(ANSWER_BY_MS).then(() => undefined),
    ]).catch(() => undefined);
    const socket = dead.cell.takeSocket();
    const unread =
      socket === undefined ? new Uint8Array(0) : await drainSocket(socket, [...dead.sids.keys()], clock);
    await this.#handOver(recover(journal, unread, lookup).unstarted, inTime);
    await dead.cell[Symbol.asyncDispose]();
    await replacement;
  }

  async #handOver(unstarted: readonly AdoptedMessage[], bound: Bound | undefined): Promise<void> {
    const adoptable = (message: AdoptedMessage): boolean =>
      bound !== undefined &&
      this.#functions.has(message.functionId) &&
      !this.#suspended.has(message.functionId);
    for (const message of unstarted) if (!adoptable(message)) this.#answer(message, this.#lostError());
    const messages = unstarted.filter(adoptable);
    if (messages.length === 0 || bound === undefined) return;
    try {
      await bound.cell.command('adopt', { messages });
    } catch {
      // The new cell died as well; its own journal does not know these.
      for (const message of messages) this.#answer(message, this.#lostError());
    }
  }

  #count(functionId: string, code: string): void {
    if (!this.#kills.add(functionId, this.#options.clock.monotonicMs())) return;
    const reason = `it killed ${KILLS_TO_SUSPEND} cells within a minute (${code})`;
    this.#suspended.set(functionId, reason);
    this.#options.logger.error('A function is suspended', {
      function: this.#functions.get(functionId)?.name ?? functionId,
      reason,
    });
  }

  #guiltyError(
    name: string | undefined,
    code: NonNullable<ReturnType<typeof guiltyCode>>,
    exit: CellExit,
  ): HairspringError {
    const subject = name ?? 'The function';
    if (code === 'HS_FUNCTION_CPU')
      return new HairspringError(
        code,
        `${subject} held the thread beyond limits.cpu in a way that only ending its cell could stop`,
      );
    if (code === 'HS_FUNCTION_MEMORY')
      return new HairspringError(
        code,
        `${subject} took memory outside its heap until its cell had to be ended`,
      );
    return new HairspringError(
      code,
      `${subject} brought its cell down (${exit.signal ?? `exit code ${exit.code}`})`,
    );
  }

  #lostError(): HairspringError {
    return new HairspringError(
      'HS_CELL_LOST',
      'The cell that held this invocation died; the function itself was not at fault',
    );
  }

  #answer(call: Pick<OpenCall, 'reply' | 'functionId'>, error: HairspringError): void {
    const headers = new MsgHdrsImpl();
    const identity = { workloadId: call.functionId ?? '', namespace: this.#options.namespace };
    for (const [name, value] of errorHeaderPairs(identity, error)) headers.append(name, value);
    this.#options.nc.publish(call.reply, errorBody(error), { headers });
  }

  /** Takes no new work, finishes what is accepted, and ends the cell. */
  async drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#inTurn(async () => {
      const bound = this.#bound;
      this.#bound = undefined;
      if (bound === undefined) return;
      await bound.cell.command('drain', { graceMs }).catch(() => undefined);
      await bound.cell[Symbol.asyncDispose]();
    });
  }
}
