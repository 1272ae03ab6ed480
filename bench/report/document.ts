import type { BenchResults } from '../results.ts';
import { judgeBars } from './bars.ts';
import { findNotes } from './notes.ts';
import { renderMarkdown, type Table } from './table.ts';
import { barTable, LEGEND, toTables } from './tables.ts';

/** Where, with what and how long: the lines above every table. */
export function describeRun({ machine, plan, startedAt, durationSeconds }: BenchResults): readonly string[] {
  const memory = (machine.memoryBytes / 1e9).toFixed(0);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${memory} GB, ${machine.platform}`,
    `Node ${machine.node} (V8 ${machine.v8}), isolated-vm ${machine.isolatedVm}, nats.js ${machine.natsClient}, nats-server ${machine.natsServer}`,
    `hairspring ${machine.hairspring}, commit ${machine.commit}, ${startedAt}${plan.quick ? ', quick' : ''}, ${Math.round(durationSeconds)} s`,
    `Medians of ${plan.rounds} rounds of ${plan.windowMs} ms; warm-up ${plan.firstWarmupMs} ms per target at first and ${plan.warmupMs} ms before each window; ${plan.payloadBytes} B payload`,
  ];
}

/** The figures of one run, for docs/performance.md. */
export function renderReport(results: BenchResults): string {
  const notes = findNotes(results);
  const bars = judgeBars(results.rows);
  const section = (table: Table): string => `### ${table.title}\n\n${renderMarkdown(table)}`;
  return [
    describeRun(results)
      .map((line) => `- ${line}`)
      .join('\n'),
    ...toTables(results.rows, { wide: true }).map(section),
    ...(bars.length === 0 ? [] : [section(barTable(bars))]),
    ...LEGEND,
    ...(notes.length === 0
      ? []
      : [`The run says of itself:\n\n${notes.map((note) => `- ${note}`).join('\n')}`]),
  ].join('\n\n');
}
