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
import { guiltyCode, guiltyError, KILLS_TO_SUSPEND, KillCounter, lostError } from './blame.ts';
import type { CellExit, CellProcess } from './cell-process.ts';
import { OrphanSocket } from './orphan-socket.ts';
import { type OpenCall, type Recovered, recover, type SidLookup } from './recovery.ts';
import type { SpareCells } from './spare-cells.ts';

/** Callers of a dead cell hear something within this time, whether or not another cell is up. */
const ANSWER_BY_MS = 600;
/** And those that come in while there is still no other, within this. */
const ANSWER_AGAIN_MS = 200;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;

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
    try {
      await cell.command('assign', { namespace, nats });
      const specs = [...this.#functions.values()].filter(({ id }) => !this.#suspended.has(id));
      await this.#activateIn(bound, specs);
    } catch (error) {
      await cell[Symbol.asyncDispose]();
      throw error;
    }
    this.#bound = bound;
    cell.exited.then((exit) => this.#onExit(bound, exit)).catch(() => undefined);
    return bound;
  }

  /** Binds as soon as it can be done: the server may be away, or a cell die while it starts. */
  async #rebind(): Promise<Bound | undefined> {
    const { clock, logger, namespace } = this.#options;
    let delayMs = FIRST_RETRY_MS;
    while (!this.#stopping && this.#functions.size > 0) {
      try {
        return await this.#bind();
      } catch (error) {
        const { message } = HairspringError.from(error);
        logger.error('A cell could not be replaced', { namespace, error: message, retryInMs: delayMs });
      }
      await clock.sleep(delayMs);
      delayMs = Math.min(2 * delayMs, LAST_RETRY_MS);
    }
    return undefined;
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
      const { message } = HairspringError.from(error);
      this.#options.logger.error('A dead cell could not be answered for', { error: message });
    });
  }

  /** Answers or hands over everything that a dead cell had taken on, and puts another in its place. */
  async #recover(dead: Bound, exit: CellExit): Promise<void> {
    const { clock } = this.#options;
    const socket = dead.cell.takeSocket();
    const orphan = socket === undefined ? undefined : new OrphanSocket(socket, clock);
    const journal = dead.cell.journal.read();
    const lookup: SidLookup = (sid) => dead.sids.get(sid);
    const unstartedOf = (unread: Uint8Array): readonly AdoptedMessage[] =>
      recover(journal, unread, lookup).unstarted;
    this.#answerOpen(dead, exit, recover(journal, new Uint8Array(0), lookup));
    const replacement = this.#rebind();
    let answered = 0;
    let bound = await orTimeout(replacement, clock.sleep(ANSWER_BY_MS));
    while (bound === 'late') {
      // Until there is another cell, the dead one's subscriptions stay: a coded error beats no responders.
      const late = unstartedOf(orphan?.read() ?? new Uint8Array(0));
      for (const message of late.slice(answered)) this.#answer(message, lostError());
      answered = late.length;
      bound = await orTimeout(replacement, clock.sleep(ANSWER_AGAIN_MS));
    }
    const unread = (await orphan?.finish([...dead.sids.keys()])) ?? new Uint8Array(0);
    await this.#handOver(unstartedOf(unread).slice(answered), bound);
    await dead.cell[Symbol.asyncDispose]();
  }

  /** Tells the callers of what had begun, and holds the death against the function that caused it. */
  #answerOpen(dead: Bound, exit: CellExit, { enteredFunctionId, open }: Recovered): void {
    const code = guiltyCode(dead.cell.journal.killReason, exit.signal);
    const guiltyId = code === undefined ? undefined : enteredFunctionId;
    const name = guiltyId === undefined ? undefined : this.#functions.get(guiltyId)?.name;
    this.#options.logger.warn('A cell died', {
      namespace: this.#options.namespace,
      pid: dead.cell.pid,
      signal: exit.signal ?? '',
      function: name ?? '',
      open: open.length,
      stderr: exit.stderr,
    });
    if (code !== undefined && guiltyId !== undefined) this.#count(guiltyId, code);
    for (const call of open) {
      const guilty = code !== undefined && guiltyId !== undefined && call.functionId === guiltyId;
      this.#answer(call, guilty ? guiltyError(name, code, exit.signal) : lostError());
    }
  }

  async #handOver(unstarted: readonly AdoptedMessage[], bound: Bound | undefined): Promise<void> {
    const adoptable = (message: AdoptedMessage): boolean =>
      bound !== undefined &&
      this.#functions.has(message.functionId) &&
      !this.#suspended.has(message.functionId);
    for (const message of unstarted) if (!adoptable(message)) this.#answer(message, lostError());
    const messages = unstarted.filter(adoptable);
    if (messages.length === 0 || bound === undefined) return;
    try {
      await bound.cell.command('adopt', { messages });
    } catch {
      // The new cell died as well; its own journal does not know these.
      for (const message of messages) this.#answer(message, lostError());
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

async function orTimeout<Value>(value: Promise<Value>, timeout: Promise<void>): Promise<Value | 'late'> {
  return Promise.race([value, timeout.then(() => 'late' as const)]);
}
