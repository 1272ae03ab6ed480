import { metricOf, type Row, spread } from '../../src/measure/index.ts';
import type { BenchResults } from '../results.ts';

const NOISY_SPREAD = 0.25;
const NOISY_OTHERS_CORES = 0.15;
/** Below this the two cores of a small machine are not both busy. */
const SATURATED = 0.9;

/** What a reader must know before believing the figures; none is good news. */
export function findNotes({ machine, rows, notes }: BenchResults): readonly string[] {
  const load = rows.filter(({ group }) => group === 'load');
  return [
    ...notes,
    ...rows.flatMap((row) => row.notes.map((note) => `${label(row)}: ${note}`)),
    ...noteNoise(load),
    ...noteBusy(load, machine.cores),
  ];
}

function label({ subject, title, params }: Row): string {
  return params['inFlight'] === undefined ? title : `${subject} × ${params['inFlight']}`;
}

function roundsOf(row: Row, name: string): readonly number[] {
  return row.metrics.find((metric) => metric.name === name)?.rounds ?? [];
}

function noteNoise(load: readonly Row[]): readonly string[] {
  const uneven = load.filter((row) => spread(roundsOf(row, 'perSecond')) > NOISY_SPREAD);
  const crowded = load.filter((row) => Math.max(...roundsOf(row, 'coresOthers')) > NOISY_OTHERS_CORES);
  return [
    ...(uneven.length === 0
      ? []
      : [
          `The rounds differ by more than ${NOISY_SPREAD * 100} % at ${uneven.map(label).join(', ')}: a noisy machine`,
        ]),
    ...(crowded.length === 0
      ? []
      : [
          `Other programs took more than ${NOISY_OTHERS_CORES} cores in a round of ${crowded.map(label).join(', ')}`,
        ]),
  ];
}

function noteBusy(load: readonly Row[], cores: number): readonly string[] {
  const shared = load.filter((row) => {
    const busy = ['coresGenerator', 'coresServer', 'coresResponder'].map((name) => metricOf(row, name) ?? 0);
    const others = Math.max(0, ...roundsOf(row, 'coresOthers'));
    return row.params['inFlight'] !== 1 && busy.reduce((sum, one) => sum + one, others) > SATURATED * cores;
  });
  if (shared.length === 0) return [];
  return [
    `All ${cores} cores are busy at ${shared.map(label).join(', ')}: generator, nats-server and responder share them, so a rate is one of the whole system`,
  ];
}
