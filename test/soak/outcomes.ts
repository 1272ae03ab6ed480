/** Whether each function answered as it should: what was odd is bounded in kind and in number. */
import type { ErrorCode } from '../../src/core/index.ts';
import { SOAK_FUNCTIONS } from './functions.ts';
import type { Verdict } from './verdict.ts';

/** Answers by outcome of each function. */
export type Outcomes = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface OddBars {
  /** Share of the answers of a function that may be odd. */
  readonly share: number;
  /** What they may be; every other one is one too many. */
  readonly kinds: readonly ErrorCode[];
}

/** What a busy machine makes of good requests. */
export const BUSY_ODDS: OddBars = {
  share: 0.01,
  kinds: ['HS_FUNCTION_OVERLOADED', 'HS_FUNCTION_TIMEOUT', 'HS_FUNCTION_CPU', 'HS_FUNCTION_STARVED'],
};

/** One verdict for each function that was asked; `asked` empty for all. */
export function judgeOutcomes(
  outcomes: Outcomes,
  asked: readonly string[],
  bars: OddBars,
): readonly Verdict[] {
  return SOAK_FUNCTIONS.filter(({ definition: { name } }) => asked.length === 0 || asked.includes(name)).map(
    ({ definition: { name }, outcomes: expected = ['ok'], minOk = 0 }) => {
      const counts = Object.entries(outcomes[name] ?? {});
      const total = sum(counts);
      const odd = counts.filter(([outcome]) => !expected.includes(outcome));
      const strange = odd.filter(([outcome]) => !bars.kinds.some((kind) => kind === outcome));
      const ok = outcomes[name]?.['ok'] ?? 0;
      const oddText = odd.length === 0 ? '' : `; ${odd.map(([outcome, n]) => `${outcome} ${n}`).join(', ')}`;
      return {
        what: `${name}: answers that belong to it`,
        figure: `${total - sum(odd)} of ${total}${minOk > 0 ? `, ${ok} ok` : ''}${oddText}`,
        limit: `>= ${(1 - bars.share) * 100} %${minOk > 0 ? `, ok >= ${minOk * 100} %` : ''}`,
        passed:
          total > sum(odd) &&
          strange.length === 0 &&
          // Of a few answers a single one is a large share.
          sum(odd) <= Math.max(1, bars.share * total) &&
          ok >= minOk * total,
      };
    },
  );
}

function sum(counts: readonly (readonly [string, number])[]): number {
  return counts.reduce((total, [, count]) => total + count, 0);
}
