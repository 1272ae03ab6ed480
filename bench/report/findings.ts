import type { Row } from '../../src/measure/index.ts';
import { findFigure } from './find-row.ts';
import { quantity } from './format.ts';

/** What tables say, in a sentence: of what the run has measured. */
export function findingsOf(rows: readonly Row[]): readonly string[] {
  return [observationFinding(rows), fairnessFinding(rows)].filter((finding) => finding !== undefined);
}

function observationFinding(rows: readonly Row[]): string | undefined {
  const figure = (subject: string, metric: string): number | undefined =>
    findFigure(rows, { group: 'observation', subject, metric });
  const cost = (subject: string): string | undefined => {
    const cpuUs = figure(subject, 'cpuUs');
    const rate = figure(subject, 'perSecond');
    return cpuUs === undefined ? undefined : `${quantity(cpuUs, 'µs')} of CPU (${quantity(rate, '1/s')})`;
  };
  const times = (subject: string): string => {
    const rate = figure(subject, 'rateToBefore');
    const cpu = figure(subject, 'cpuToBefore');
    return `${quantity(rate, 'ratio')} of the rate and ${quantity(cpu, 'ratio')} of the CPU`;
  };
  const [out, off, on] = ['echo-unobserved', 'echo-off', 'echo-on'].map(cost);
  if (out === undefined || off === undefined || on === undefined) return undefined;
  return `Observation: a request to the echo function takes ${off} with observation off and ${on} with traces and metrics on: ${times('echo-on')}, by rounds. With the observer taken out of the code it takes ${out}; off has ${times('echo-off')} of that.`;
}

function fairnessFinding(rows: readonly Row[]): string | undefined {
  const figure = (subject: string, metric: string): number | undefined =>
    findFigure(rows, { group: 'fairness', subject, metric });
  const alone = figure('none', 'p99Ms');
  const neighbours = [
    { subject: 'echo', name: 'an echo with 64 in flight' },
    { subject: 'spin-5', name: 'calls of 5 ms of CPU' },
    { subject: 'spin-30', name: 'calls of 30 ms' },
  ];
  const beside = neighbours.map(({ subject, name }) => ({ name, value: figure(subject, 'p99Ms') }));
  if (alone === undefined || beside.some(({ value }) => value === undefined)) return undefined;
  const rest = beside.map(({ name, value }) => `${quantity(value, 'ms')} beside ${name}`);
  const added = neighbours.map(({ subject }) => figure(subject, 'addsP99Ms') ?? Number.NaN);
  const apart = quantity(figure('echo-apart', 'addsP99Ms'), 'ms');
  return `Fairness: the p99 of a quiet function is ${quantity(alone, 'ms')} alone, ${rest.slice(0, -1).join(', ')} and ${rest.at(-1)} in the same cell. One busy function adds ${quantity(Math.max(...added), 'ms')} to it at the most; that echo in another cell, which shares no more than the processors, adds ${apart}.`;
}
