import { metricOf, type Row } from '../../src/measure/index.ts';
import type { BenchResults } from '../results.ts';
import {
  crowdedRows,
  LOAD_GROUPS,
  NOISY_OTHERS_CORES,
  NOISY_SPREAD,
  noiseOf,
  roundsOf,
  START_GROUPS,
  unevenRows,
} from './noise.ts';

/** Below this the two cores of a small machine are not both busy. */
const SATURATED = 0.9;
/** So many rows are named, the others counted. */
const NAMED = 6;

/** What a reader must know before believing the figures; none is good news. */
export function findNotes({ machine, rows, notes }: BenchResults): readonly string[] {
  const load = rows.filter(({ group }) => LOAD_GROUPS.includes(group));
  const starts = rows.filter(({ group }) => START_GROUPS.includes(group));
  return [
    ...[...notes, ...groupRowNotes(rows)],
    ...[...noteUneven(load, 'perSecond'), ...noteUneven(starts, 'p50Ms')],
    ...[...noteCrowded(load), ...noteBusy(load, machine.cores)],
    ...noiseOf(rows).map((reason) => `Too noisy to be a result: ${reason}`),
  ];
}

function label({ group, subject, title, params }: Row): string {
  if (group === 'cells') return title;
  const at = params['inFlight'] ?? params['ratePerSecond'];
  return at === undefined ? title : `${subject} × ${at}`;
}

function name(rows: readonly Row[]): string {
  const labels = [...new Set(rows.map(label))];
  const rest = labels.length - NAMED;
  return `${labels.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** What rows say of themselves; the same words of several rows are said once. */
function groupRowNotes(rows: readonly Row[]): readonly string[] {
  const said = new Map<string, Row[]>();
  for (const row of rows) for (const note of row.notes) said.set(note, [...(said.get(note) ?? []), row]);
  return [...said].map(([note, of]) => `${name(of)}: ${note}`);
}

function noteUneven(rows: readonly Row[], metric: string): readonly string[] {
  const uneven = unevenRows(rows, metric);
  if (uneven.length === 0) return [];
  return [`The rounds differ by more than ${NOISY_SPREAD * 100} % at ${name(uneven)}: a noisy machine`];
}

function noteCrowded(load: readonly Row[]): readonly string[] {
  const crowded = crowdedRows(load);
  if (crowded.length === 0) return [];
  return [`Other programs took more than ${NOISY_OTHERS_CORES} cores in a round of ${name(crowded)}`];
}

function noteBusy(load: readonly Row[], cores: number): readonly string[] {
  const shared = load.filter((row) => {
    const busy = ['coresGenerator', 'coresServer', 'coresResponder'].map((one) => metricOf(row, one) ?? 0);
    const others = Math.max(0, ...roundsOf(row, 'coresOthers'));
    return row.params['inFlight'] !== 1 && busy.reduce((sum, one) => sum + one, others) > SATURATED * cores;
  });
  if (shared.length === 0) return [];
  return [
    `All ${cores} cores are busy at ${name(shared)}: generator, nats-server and responder share them, so a rate is one of the whole system`,
  ];
}
