import { type Clock, HairspringError, type HttpAsk, type PendingAnswer } from '../../core/index.ts';
import { lostError } from './blame.ts';
import type { BoundCell } from './bound-cell.ts';
import { orLate } from './deadline.ts';
import type { Verdict } from './verdict.ts';

/** How long the callers of a dead cell wait to hear whose fault it was. */
const JUDGED_WITHIN_MS = 400;

/** Hands HTTP requests to the cells of a group. They are in no journal: who has handed them over answers for them. */
export class RequestsOfGroup {
  readonly #clock: Clock;
  readonly #verdicts = new WeakMap<BoundCell, PromiseWithResolvers<Verdict>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws HS_CELL_LOST when there is no cell, as the answer is when it dies before it answers through no fault of the function */
  ask(bound: BoundCell | undefined, ask: HttpAsk): PendingAnswer {
    if (bound === undefined)
      throw new HairspringError(
        'HS_CELL_LOST',
        'The function has no cell at the moment; another is on its way',
      );
    const { answer, abandon } = bound.cell.ask(ask);
    return { answer: answer.catch((error: unknown) => this.#blame(bound, ask, error)), abandon };
  }

  async #blame(bound: BoundCell, { id }: HttpAsk, error: unknown): Promise<never> {
    if (bound.cell.state !== 'dead' || bound.finished) throw error;
    const verdict = await orLate(this.#verdictOf(bound).promise, this.#clock, JUDGED_WITHIN_MS);
    throw verdict !== 'late' && verdict.guiltyId === id ? verdict.error : lostError();
  }

  /** Whose fault the death of a cell was. */
  judged(bound: BoundCell, verdict: Verdict): void {
    this.#verdictOf(bound).resolve(verdict);
  }

  #verdictOf(bound: BoundCell): PromiseWithResolvers<Verdict> {
    const known = this.#verdicts.get(bound) ?? Promise.withResolvers<Verdict>();
    this.#verdicts.set(bound, known);
    return known;
  }
}
