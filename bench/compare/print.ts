import type { createColors } from 'picocolors';
import type { Unit } from '../../src/measure/index.ts';
import { NONE, quantity } from '../report/format.ts';
import { renderText } from '../report/table.ts';
import type { ComparisonReport } from './run.ts';
import { type Comparison, FALSE_ALARMS, type Verdict } from './verdict.ts';

type Paint = ReturnType<typeof createColors>;

const NAME_WIDTH = 60;
/** Of more figures those that are the same are counted and not shown. */
const SHOWN_WHOLE = 30;
const ORDER: readonly Verdict[] = ['worse', 'better', 'too noisy to tell', 'same'];

/** What differs, for a terminal: what moved first, then what nobody can tell, then what is the same. */
export function renderComparison({ base, head, comparisons, notes }: ComparisonReport, paint: Paint): string {
  const ordered = comparisons
    .filter(({ verdict }) => verdict !== 'same' || comparisons.length <= SHOWN_WHOLE)
    .toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const lines = ordered.map(toCells);
  const table = renderText(
    {
      title: `${base} → ${head}`,
      rows: [['', 'figure', 'base', 'head', 'change', '95 % interval', 'verdict'], ...lines],
    },
    { nameWidth: NAME_WIDTH, strong: paint.bold, dim: paint.dim },
  );
  const [title = '', heading = '', ...rest] = table.split('\n');
  const painted = rest.map((line, index) => paintLine(line, ordered[index]?.verdict, paint));
  return [
    [title, heading, ...painted].join('\n'),
    summarize(comparisons),
    notes.map((note) => `${paint.yellow('note')}  ${note}`).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function toCells(one: Comparison): readonly string[] {
  const unit = one.unit as Unit;
  const interval = one.low === null || one.high === null ? NONE : `${share(one.low)} … ${share(one.high)}`;
  return [
    one.title,
    one.metric,
    quantity(one.base, unit),
    quantity(one.head, unit),
    share(one.change),
    interval,
    one.verdict,
  ];
}

function share(fraction: number): string {
  if (!Number.isFinite(fraction)) return NONE;
  const percent = (Math.abs(fraction) * 100).toFixed(1);
  return `${fraction < 0 ? '−' : '+'}${percent} %`;
}

function paintLine(line: string, verdict: Verdict | undefined, paint: Paint): string {
  if (verdict === 'worse') return paint.red(line);
  if (verdict === 'better') return paint.green(line);
  return verdict === 'same' ? paint.dim(line) : line;
}

function summarize(comparisons: readonly Comparison[]): string {
  if (comparisons.length === 0) return 'There is nothing that both have.';
  const counts = ORDER.map((verdict) => ({
    verdict,
    count: comparisons.filter((one) => one.verdict === verdict).length,
  })).filter(({ count }) => count > 0);
  const words = counts.map(({ verdict, count }) => `${count} ${verdict}`).join(', ');
  return `${words}, of ${comparisons.length} figures. Chance alone moves any of them in fewer than one of ${Math.round(1 / FALSE_ALARMS)} such comparisons.`;
}
