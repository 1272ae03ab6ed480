import type { AdoptedMessage, Clock } from '../../core/index.ts';
import type { CellReports } from '../telemetry/index.ts';
import { lostError } from './blame.ts';
import type { BoundCell } from './bound-cell.ts';
import type { CallerAnswers } from './caller-answers.ts';
import type { CellExit } from './cell-process.ts';
import { orLate } from './deadline.ts';
import type { GiveAway } from './give-away.ts';
import type { GroupCells } from './group-cells.ts';
import type { GroupFunctions } from './group-functions.ts';
import { OrphanSocket } from './orphan-socket.ts';
import type { RequestsOfGroup } from './requests-of-group.ts';
import type { Judge } from './verdict.ts';

/** Callers of a dead cell hear something within this time, whether or not another cell is up. */
const ANSWER_BY_MS = 400;
/** And those that come in while there is still no other, within this. */
const ANSWER_AGAIN_MS = 200;

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
}

/** A cell that has died and is not dealt with yet. */
interface DeadCell {
  readonly bound: BoundCell;
  readonly exit: CellExit;
  readonly orphan: OrphanSocket | undefined;
}

/** Deals with what dead cells of a group leave behind. */
export class CellRecovery {
  readonly #options: CellRecoveryOptions;
  readonly #dead = new Set<DeadCell>();

  constructor(options: CellRecoveryOptions) {
    this.#options = options;
  }

  /** Takes over what is left of a cell. @returns it, to be recovered in a turn */
  takeOn(bound: BoundCell, exit: CellExit): DeadCell {
    const socket = bound.takeSocket();
    const orphan = socket === undefined ? undefined : new OrphanSocket(socket, this.#options.clock);
    const dead = { bound, exit, orphan };
    this.#dead.add(dead);
    return dead;
  }

  /**
   * Ends the subscriptions of dead cells to what comes for all: it reaches their sockets and a successor, and is to
   * run once.
   */
  async endFanout(): Promise<void> {
    const ending = [...this.#dead].map(async ({ bound: { fanoutSids }, orphan }) => {
      if (fanoutSids.size > 0) await orphan?.unsubscribe([...fanoutSids]);
    });
    await Promise.all(ending);
  }

  /** Answers or hands over everything that a dead cell had taken on, and puts another in its place. */
  async recover(dead: DeadCell): Promise<void> {
    try {
      await this.#recover(dead);
    } finally {
      this.#dead.delete(dead);
    }
  }

  async #recover({ bound: dead, exit, orphan }: DeadCell): Promise<void> {
    const { clock, reports, namespace, judge, requests, giveAway, rebind, answers, cells } = this.#options;
    reports?.died(namespace);
    // First, so that a successor does not begin with what is suspended now.
    const verdict = judge(dead, exit);
    requests.judged(dead, verdict);
    for (const id of verdict.quarantinedIds) giveAway(id);
    const replacement = rebind();
    answers.sendBegun(dead.recover().open, verdict);
    let answered = 0;
    let bound = await orLate(replacement, clock, ANSWER_BY_MS);
    while (bound === 'late') {
      // Until there is another cell, the dead one's subscriptions stay: a coded error beats no responders.
      const late = dead.recover(orphan?.read(), false).unstarted;
      for (const message of late.slice(answered)) answers.send(message, lostError());
      answered = late.length;
      bound = await orLate(replacement, clock, ANSWER_AGAIN_MS);
    }
    const { unstarted } = dead.recover(await orphan?.finish([...dead.sids.keys()]));
    await this.#handOver(unstarted.slice(answered), bound);
    await cells.dispose(dead);
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
