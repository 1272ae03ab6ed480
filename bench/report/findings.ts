import { metricOf, type Row } from '../../src/measure/index.ts';
import { findRow } from './find-row.ts';
import { quantity } from './format.ts';

/** What tables say, in a sentence: of what the run has measured. */
export function findingsOf(rows: readonly Row[]): readonly string[] {
  return [observationFinding(rows), fairnessFinding(rows)].filter((finding) => finding !== undefined);
}

function observationFinding(rows: readonly Row[]): string | undefined {
  const cost = (subject: string): string | undefined => {
    const row = findRow(rows, { group: 'observation', subject });
    const cpuUs = row === undefined ? undefined : metricOf(row, 'cpuUs');
    const rate = row === undefined ? undefined : metricOf(row, 'perSecond');
    return cpuUs === undefined ? undefined : `${quantity(cpuUs, 'µs')} of CPU (${quantity(rate, '1/s')})`;
  };
  const times = (subject: string): string => {
    const row = findRow(rows, { group: 'observation', subject });
    const rate = row === undefined ? undefined : metricOf(row, 'rateToBefore');
    const cpu = row === undefined ? undefined : metricOf(row, 'cpuToBefore');
    return `${quantity(rate, 'ratio')} of the rate and ${quantity(cpu, 'ratio')} of the CPU`;
  };
  const [out, off, on] = ['echo-unobserved', 'echo-off', 'echo-on'].map(cost);
  if (out === undefined || off === undefined || on === undefined) return undefined;
  return `Observation: a request to the echo function takes ${off} with observation off and ${on} with traces and metrics on: ${times('echo-on')}, by rounds. With the observer taken out of the code it takes ${out}; off has ${times('echo-off')} of that.`;
}

function fairnessFinding(rows: readonly Row[]): string | undefined {
  const p99 = (subject: string): number | undefined => {
    const row = findRow(rows, { group: 'fairness', subject });
    return row === undefined ? undefined : metricOf(row, 'p99Ms');
  };
  const alone = p99('none');
  const neighbours = [
    { subject: 'echo', name: 'an echo with 64 in flight' },
    { subject: 'spin-5', name: 'calls of 5 ms of CPU' },
    { subject: 'spin-30', name: 'calls of 30 ms' },
  ];
  const beside = neighbours.map(({ subject, name }) => ({ name, value: p99(subject) }));
  if (alone === undefined || beside.some(({ value }) => value === undefined)) return undefined;
  const rest = beside.map(({ name, value }) => `${quantity(value, 'ms')} beside ${name}`);
  const added = rows
    .filter(({ group }) => group === 'fairness')
    .map((row) => metricOf(row, 'addsP99Ms') ?? Number.NEGATIVE_INFINITY);
  return `Fairness: the p99 of a quiet function is ${quantity(alone, 'ms')} alone, ${rest.slice(0, -1).join(', ')} and ${rest.at(-1)} in the same cell. One busy function adds ${quantity(Math.max(...added), 'ms')} to it at the most.`;
}
