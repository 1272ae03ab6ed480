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
import type { Recovery } from './recovery.ts';
import type { Verdict } from './verdict.ts';

/** How long the callers of a dead cell wait to hear whose fault it was. */
const JUDGED_WITHIN_MS = 400;
/**
 * So long a message or a request that no cell has begun waits for one in place of a dead one. Where no spare is ready
 * one takes 300 ms and more, and many callers wait for a second.
 */
export const SERVED_WITHIN_MS = 700;

/** What a request is handed to. */
export interface AskedCell {
  readonly cell: Pick<CellProcess, 'ask' | 'state'>;
  /** Whether it was ended with nothing left to do. */
  readonly finished: boolean;
  /** After its death. */
  readonly recovered: Pick<Recovery, 'mayHaveBegun'>;
}

/** A request until it is answered. */
interface Open {
  readonly ask: HttpAsk;
  /** What it is handed to. */
  given: PendingAnswer | undefined;
  isAbandoned: boolean;
  /** It waits for cells until then; undefined before it has to. */
  untilMs: number | undefined;
}

/** Hands HTTP requests to the cells of a group, each to the next one as long as it has not begun. */
export class RequestsOfGroup {
  readonly #clock: Clock;
  readonly #isServed: (functionId: string) => boolean;
  readonly #verdicts = new WeakMap<AskedCell, PromiseWithResolvers<Verdict>>();
  #next = Promise.withResolvers<AskedCell | undefined>();
  #isOver = false;

  /** @param isServed whether a cell of the group has the function */
  constructor(clock: Clock, isServed: (functionId: string) => boolean) {
    this.#clock = clock;
    this.#isServed = isServed;
  }

  /** From now on there is a cell. */
  bound(bound: AskedCell): void {
    this.#next.resolve(bound);
    if (!this.#isOver) this.#next = Promise.withResolvers();
  }

  /** No other cell comes any more: nobody waits for one. */
  end(): void {
    this.#isOver = true;
    this.#next.resolve(undefined);
  }

  /**
   * Hands a request to a cell, where there is none to the next. The answer rejects with HS_CELL_LOST when there is none
   * in time, or when it dies once the request may have begun, through no fault of the function.
   */
  ask(bound: AskedCell | undefined, ask: HttpAsk): PendingAnswer {
    const open: Open = { ask, given: undefined, isAbandoned: false, untilMs: undefined };
    return {
      answer: this.#serve(open, bound),
      abandon: () => {
        open.isAbandoned = true;
        open.given?.abandon();
      },
    };
  }

  async #serve(open: Open, first: AskedCell | undefined): Promise<HttpAnswer> {
    for (let bound = first; ; bound = undefined) {
      const asked = bound ?? (await this.#nextFor(open));
      // Nobody has told yet that it is gone.
      if (asked.cell.state === 'dead' && !asked.finished) continue;
      const given = asked.cell.ask(open.ask);
      open.given = given;
      try {
        return await given.answer;
      } catch (error) {
        if (asked.cell.state !== 'dead' || asked.finished) throw error;
        if (asked.recovered.mayHaveBegun(given.requestId)) throw await this.#blame(asked, open.ask);
        open.given = undefined;
      }
    }
  }

  /** @throws HS_CELL_LOST when there is none in time, or nobody waits for it */
  async #nextFor(open: Open): Promise<AskedCell> {
    open.untilMs ??= this.#clock.monotonicMs() + SERVED_WITHIN_MS;
    const leftMs = Math.max(0, open.untilMs - this.#clock.monotonicMs());
    const isServed = (): boolean => !open.isAbandoned && this.#isServed(open.ask.id);
    const bound = isServed() ? await orLate(this.#next.promise, this.#clock, leftMs) : undefined;
    if (bound !== undefined && bound !== 'late' && isServed()) return bound;
    throw new HairspringError(
      'HS_CELL_LOST',
      'The function has no cell at the moment; another is on its way',
    );
  }

  async #blame(bound: AskedCell, { id }: HttpAsk): Promise<HairspringError> {
    const verdict = await orLate(this.#verdictOf(bound).promise, this.#clock, JUDGED_WITHIN_MS);
    return verdict !== 'late' && verdict.guiltyId === id ? verdict.error : lostError();
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
