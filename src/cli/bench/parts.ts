import { HairspringError } from '../../core/index.ts';
import type { Budget } from './budgets.ts';
import { IDLE_MEMORY } from './tiers.ts';

/** What a run measures, or one of them only. */
export const BENCH_PARTS = ['load', 'starts', 'idle'] as const;
export type BenchPart = (typeof BENCH_PARTS)[number];

/** `load,starts`. @throws HS_USAGE naming what is known */
export function parseParts(text: string): readonly BenchPart[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !BENCH_PARTS.some((part) => part === name));
  if (unknown === undefined) return BENCH_PARTS.filter((part) => names.includes(part));
  throw new HairspringError('HS_USAGE', `Cannot measure "${unknown}" only`, {
    hint: `--only takes ${BENCH_PARTS.join(', ')}, several with commas between`,
  });
}

/** @throws HS_USAGE for a budget of what is left out */
export function checkBudgets(budgets: readonly Budget[], parts: readonly BenchPart[]): void {
  for (const { metric, figure } of budgets) {
    const part = partOf(figure.rows[0] ?? '');
    if (parts.includes(part)) continue;
    throw new HairspringError('HS_USAGE', `Cannot keep a budget of "${metric}" without measuring ${part}`, {
      hint: `Name it too: --only ${BENCH_PARTS.filter((each) => each === part || parts.includes(each)).join(',')}`,
    });
  }
}

function partOf(row: string): BenchPart {
  if (/^(?:load|open-loop)\//.test(row)) return 'load';
  return row === `density/${IDLE_MEMORY}` ? 'idle' : 'starts';
}
