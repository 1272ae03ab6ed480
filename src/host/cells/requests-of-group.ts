import {
  type Clock,
  HairspringError,
  type HttpAnswer,
  type HttpAsk,
  orLate,
  type PendingAnswer,
} from '../../core/index.ts';
import { lostError } from './blame.ts';
import type { CellProcess } from './cell-process.ts';
import type { Verdict } from './verdict.ts';

/** How long the callers of a dead cell wait to hear whose fault it was. */
const JUDGED_WITHIN_MS = 400;
/** How long a request waits for a cell in place of a dead one: as long as messages do (cell-recovery.ts). */
const SERVED_WITHIN_MS = 700;

/** What a request is handed to. */
export interface AskedCell {
  readonly cell: Pick<CellProcess, 'ask' | 'state'>;
  /** Whether it was ended with nothing left to do. */
  readonly finished: boolean;
}

/** Hands HTTP requests to the cells of a group. They are in no journal: who has handed them over answers for them. */
export class RequestsOfGroup {
  readonly #clock: Clock;
  readonly #isServed: (functionId: string) => boolean;
  readonly #verdicts = new WeakMap<AskedCell, PromiseWithResolvers<Verdict>>();
  #next = Promise.withResolvers<AskedCell>();

  /** @param isServed whether a cell of the group has the function */
  constructor(clock: Clock, isServed: (functionId: string) => boolean) {
    this.#clock = clock;
    this.#isServed = isServed;
  }

  /** From now on there is a cell. */
  bound(bound: AskedCell): void {
    this.#next.resolve(bound);
    this.#next = Promise.withResolvers();
  }

  /**
   * Hands a request to a cell, where there is none to the next. The answer rejects with HS_CELL_LOST when there is none
   * in time, or when it dies before it answers through no fault of the function.
   */
  ask(bound: AskedCell | undefined, ask: HttpAsk): PendingAnswer {
    return bound === undefined ? this.#askNext(ask) : this.#askNow(bound, ask);
  }

  #askNext(ask: HttpAsk): PendingAnswer {
    let isAbandoned = false;
    let pending: PendingAnswer | undefined;
    const askLater = async (): Promise<HttpAnswer> => {
      const bound = await orLate(this.#next.promise, this.#clock, SERVED_WITHIN_MS);
      if (bound === 'late' || isAbandoned || !this.#isServed(ask.id))
        throw new HairspringError(
          'HS_CELL_LOST',
          'The function has no cell at the moment; another is on its way',
        );
      pending = this.#askNow(bound, ask);
      return await pending.answer;
    };
    return {
      answer: askLater(),
      abandon: () => {
        isAbandoned = true;
        pending?.abandon();
      },
    };
  }

  #askNow(bound: AskedCell, ask: HttpAsk): PendingAnswer {
    const { answer, abandon } = bound.cell.ask(ask);
    return { answer: answer.catch((error: unknown) => this.#blame(bound, ask, error)), abandon };
  }

  async #blame(bound: AskedCell, { id }: HttpAsk, error: unknown): Promise<never> {
    if (bound.cell.state !== 'dead' || bound.finished) throw error;
    const verdict = await orLate(this.#verdictOf(bound).promise, this.#clock, JUDGED_WITHIN_MS);
    throw verdict !== 'late' && verdict.guiltyId === id ? verdict.error : lostError();
  }

  /** Whose fault the death of a cell was. */
  judged(bound: AskedCell, verdict: Verdict): void {
    this.#verdictOf(bound).resolve(verdict);
  }

  #verdictOf(bound: AskedCell): PromiseWithResolvers<Verdict> {
    const known = this.#verdicts.get(bound) ?? Promise.withResolvers<Verdict>();
    this.#verdicts.set(bound, known);
    return known;
  }
}
