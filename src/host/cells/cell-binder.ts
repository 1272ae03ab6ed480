import { type Clock, HairspringError } from '../../core/index.ts';
import type { NamespaceAccess } from '../accounts/index.ts';
import type { CellReports } from '../telemetry/index.ts';
import { lostError } from './blame.ts';
import { BoundCell, type BoundCellOptions } from './bound-cell.ts';
import type { CallerAnswers } from './caller-answers.ts';
import type { CellProcess } from './cell-process.ts';
import type { GiveAway } from './give-away.ts';
import type { GroupCells } from './group-cells.ts';
import type { GroupFunctions } from './group-functions.ts';
import { OrphanSocket } from './orphan-socket.ts';
import type { SpareCells } from './spare-cells.ts';
import type { Judge } from './verdict.ts';

export interface CellBinderOptions extends BoundCellOptions {
  readonly namespace: string;
  readonly access: NamespaceAccess;
  readonly spares: SpareCells;
  readonly clock: Clock;
  /** Undefined: nobody asked for it. */
  readonly reports: CellReports | undefined;
  readonly functions: GroupFunctions;
  readonly cells: GroupCells;
  readonly answers: CallerAnswers;
  readonly judge: Judge;
  readonly giveAway: GiveAway;
  readonly isStopping: () => boolean;
}

/** Takes cells into a group. */
export class CellBinder {
  readonly #options: CellBinderOptions;

  constructor(options: CellBinderOptions) {
    this.#options = options;
  }

  /**
   * Takes a cell into the group and lets it serve every function that is not suspended.
   * @param coldReason `crash` where it takes the place of a dead one
   * @throws what it ended with; then it is gone, and whom it owed an answer has one
   */
  async bind(coldReason: 'first' | 'crash'): Promise<BoundCell> {
    const { spares, namespace, access, cells, functions, isStopping, giveAway } = this.#options;
    const cell = await spares.take(namespace);
    cells.add(cell);
    this.#listenTo(cell);
    const bound = new BoundCell(cell, access, this.#options);
    try {
      if (isStopping()) throw new HairspringError('HS_DRAINING', 'The node is stopping');
      await bound.assign(namespace);
      void giveAway();
      await bound.activate(functions.served, coldReason);
      return bound;
    } catch (error) {
      await this.#giveUp(bound, coldReason);
      throw error;
    }
  }

  #listenTo(cell: CellProcess): void {
    const { reports, namespace, functions } = this.#options;
    if (reports === undefined) return;
    const identity = { id: cell.id, namespace };
    cell.onTelemetry = (report) => reports.report(identity, report, (id) => functions.nameOf(id));
    cell.exited.then(() => reports.ended(identity)).catch(() => undefined);
  }

  /** Ends a cell that has not come to serve, and answers for what it may have begun with. */
  async #giveUp(bound: BoundCell, coldReason: 'first' | 'crash'): Promise<void> {
    const { answers, judge, giveAway, clock, cells } = this.#options;
    const { cell } = bound;
    const died = cell.state === 'dead';
    cell.kill();
    const exit = await cell.exited;
    const { recovered } = bound;
    // It may have begun to serve.
    if (died || recovered.open.length > 0) {
      const verdict = judge(bound, exit);
      answers.sendBegun(recovered.open, verdict);
      // Who deploys may take back what it was that killed the cell; who replaces a cell needs one that lives.
      if (coldReason === 'crash') void giveAway();
    }
    const socket = bound.takeSocket();
    await (socket && new OrphanSocket(socket, recovered, clock).finish([]));
    recovered.end();
    for (const message of recovered.unstarted) answers.send(message, lostError());
    await cells.dispose(bound);
  }
}
