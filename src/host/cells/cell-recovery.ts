import { type AdoptedMessage, type Clock, orLate } from '../../core/index.ts';
import type { CellReports } from '../telemetry/index.ts';
import { lostError } from './blame.ts';
import type { BoundCell } from './bound-cell.ts';
import type { CallerAnswers } from './caller-answers.ts';
import type { CellExit } from './cell-process.ts';
import type { GiveAway } from './give-away.ts';
import type { GroupCells } from './group-cells.ts';
import type { GroupFunctions } from './group-functions.ts';
import { OrphanSocket } from './orphan-socket.ts';
import { type RequestsOfGroup, SERVED_WITHIN_MS } from './requests-of-group.ts';
import type { Judge } from './verdict.ts';

/** Callers that come in while there is still no other cell hear something within this time. */
const ANSWER_AGAIN_MS = 300;
/** So often is waited for the cells of functions that were given away. */
const PLACED_WAITS = 10;

export interface CellRecoveryOptions {
  readonly namespace: string;
  readonly clock: Clock;
  /** Undefined: nobody asked for it. */
  readonly reports: CellReports | undefined;
  readonly functions: GroupFunctions;
  readonly cells: GroupCells;
  readonly answers: CallerAnswers;
  readonly requests: RequestsOfGroup;
  readonly judge: Judge;
  readonly giveAway: GiveAway;
  /** Binds another cell, if there is something to serve. */
  readonly rebind: () => Promise<BoundCell | undefined>;
  /** Has work done beside the turns; the group is not at its end before. */
  readonly aside: (work: () => Promise<void>) => void;
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
}

/** A cell that has died and is not dealt with yet. */
interface DeadCell {
  readonly bound: BoundCell;
  readonly orphan: OrphanSocket | undefined;
}

/** Deals with what dead cells of a group leave behind. */
export class CellRecovery {
  readonly #options: CellRecoveryOptions;

  constructor(options: CellRecoveryOptions) {
    this.#options = options;
  }

  /**
   * Takes over what is left of a cell, and tells at once whose fault it was: another may be bound before the turn in
   * which this one is recovered. @returns it, to be recovered in a turn
   */
  takeOn(bound: BoundCell, exit: CellExit): DeadCell {
    const { clock, reports, namespace, judge, requests, answers } = this.#options;
    const socket = bound.takeSocket();
    const orphan = socket && new OrphanSocket(socket, bound.recovered, clock);
    reports?.died(namespace);
    const verdict = judge(bound, exit);
    requests.judged(bound, verdict);
    answers.sendBegun(bound.recovered.open, verdict);
    return { bound, orphan };
  }

  /**
   * To be called in a turn. Answers or hands over everything that a dead cell had taken on, and puts another in its
   * place. Of functions that others are to serve it takes leave aside, when those do: the group goes on meanwhile.
   */
  async recover({ bound: dead, orphan }: DeadCell): Promise<void> {
    const { clock, giveAway, rebind, answers, cells, functions, aside, inTurn } = this.#options;
    // First, so that no successor is bound for what is given away alone.
    const placed = giveAway();
    const replacement = rebind();
    let taken = 0;
    const take = (): readonly AdoptedMessage[] => {
      const messages = dead.recovered.unstarted.slice(taken);
      taken += messages.length;
      return messages;
    };
    let bound = await orLate(replacement, clock, SERVED_WITHIN_MS);
    while (bound === 'late') {
      // Until there is another cell, the dead one's subscriptions stay: a coded error beats no responders.
      for (const message of take()) answers.send(message, lostError());
      bound = await orLate(replacement, clock, ANSWER_AGAIN_MS);
    }
    const finish = async (): Promise<void> => {
      await orphan?.finish([...dead.sids.keys()]);
      dead.recovered.end();
      await this.handOver(take());
      await cells.dispose(dead);
    };
    const sids = Map.groupBy(dead.sids.keys(), (sid) => functions.has(dead.sids.get(sid)?.functionId ?? ''));
    if (!sids.has(false)) return await finish();
    await orphan?.unsubscribe(sids.get(true) ?? []);
    await this.#handOver(take(), bound);
    aside(async () => {
      // Until others serve them, their subscriptions stay as well.
      for (let waits = 0; waits < PLACED_WAITS; waits += 1) {
        if ((await orLate(placed, clock, ANSWER_AGAIN_MS)) !== 'late') break;
        for (const message of take()) answers.send(message, lostError());
      }
      await inTurn(finish);
    });
  }

  /** To be called in a turn. Has the cell that serves the group, or the next one, run messages that nobody has begun. */
  async handOver(messages: readonly AdoptedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const { clock, giveAway, rebind } = this.#options;
    void giveAway();
    const bound = await orLate(rebind(), clock, SERVED_WITHIN_MS);
    await this.#handOver(messages, bound === 'late' ? undefined : bound);
  }

  async #handOver(unstarted: readonly AdoptedMessage[], bound: BoundCell | undefined): Promise<void> {
    const { functions, answers } = this.#options;
    const adoptable = ({ functionId }: AdoptedMessage): boolean =>
      bound !== undefined && functions.isServed(functionId);
    for (const message of unstarted) if (!adoptable(message)) answers.send(message, lostError());
    const messages = unstarted.filter(adoptable);
    if (messages.length === 0 || bound === undefined) return;
    for (const message of await bound.adopt(messages)) answers.send(message, lostError());
  }
}
