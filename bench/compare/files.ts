import type { Metric, Row } from '../../src/measure/index.ts';
import type { BenchResults } from '../results.ts';
import { effectOfRounds } from './effect.ts';
import { type Candidate, type Comparison, type JudgeOptions, judgeAll } from './verdict.ts';

/** What two runs say of each other. */
export interface FileComparison {
  readonly comparisons: readonly Comparison[];
  /** What a reader must know before believing them. */
  readonly notes: readonly string[];
}

/**
 * Tails are shown in tables and not judged: the rounds of one run are too few for them. Differences between two
 * figures have no ratio; the figures themselves are judged.
 */
const NOT_JUDGED = /(?:p95|p99|max)Ms$|^(?:adds|over|extra)/i;

/** Compares every figure that both runs have and of which one way is better. */
export function compareResults(
  base: BenchResults,
  head: BenchResults,
  options: JudgeOptions = {},
): FileComparison {
  const others = new Map(head.rows.map((row) => [row.id, row]));
  const candidates = base.rows.flatMap((row) => {
    const other = others.get(row.id);
    return other === undefined ? [] : candidatesOf(row, other);
  });
  const comparisons = judgeAll(candidates, options);
  return { comparisons, notes: [...noteRuns(base, head), ...noteFloors(comparisons)] };
}

function candidatesOf(base: Row, head: Row): readonly Candidate[] {
  return base.metrics.flatMap((metric) => {
    const other = head.metrics.find(({ name }) => name === metric.name);
    if (other === undefined || metric.better === undefined || NOT_JUDGED.test(metric.name)) return [];
    return [toCandidate(base, metric, metric.better, other)];
  });
}

function toCandidate(row: Row, base: Metric, better: Candidate['better'], head: Metric): Candidate {
  return {
    rowId: row.id,
    title: row.id,
    metric: base.name,
    unit: base.unit,
    better,
    base: base.value,
    head: head.value,
    effect: effectOfRounds(base.rounds, head.rounds),
  };
}

function noteRuns(base: BenchResults, head: BenchResults): readonly string[] {
  const notes: string[] = [];
  if (base.machine.cpu !== head.machine.cpu || base.machine.cores !== head.machine.cores)
    notes.push(
      `The runs are of different machines (${base.machine.cpu}, ${base.machine.cores} cores; ${head.machine.cpu}, ${head.machine.cores} cores): what differs may be theirs`,
    );
  if (base.plan.windowMs !== head.plan.windowMs || base.plan.quick !== head.plan.quick)
    notes.push('The runs were made with different windows: short ones see less of what happens seldom');
  const [baseIds, headIds] = [base, head].map(({ rows }) => new Set(rows.map(({ id }) => id)));
  const alone = [...(baseIds?.symmetricDifference(headIds ?? new Set()) ?? [])];
  if (alone.length > 0) notes.push(`${alone.length} rows are in one of the runs only`);
  return notes;
}

/** Floors have no code of ours: when they move, the machine did. */
function noteFloors(comparisons: readonly Comparison[]): readonly string[] {
  const moved = comparisons.filter(
    ({ rowId, verdict }) => rowId.includes('-floor') && (verdict === 'better' || verdict === 'worse'),
  );
  if (moved.length === 0) return [];
  return [
    `Bare floors moved, too (${[...new Set(moved.map(({ rowId }) => rowId))].join(', ')}): believe ratios, and \`compare --base\`, which measures both in turns`,
  ];
}
