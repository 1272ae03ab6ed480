import type { Row } from '../../src/measure/index.ts';
import type { Bar } from './bars.ts';

/** Peers that keep the code of one tenant apart from that of others, as we do. */
export const ISOLATING_PEERS: readonly string[] = [
  'worker-threads',
  'worker-threads-batched',
  'child-process',
  'deno-run',
  'workerd-static',
  'workerd-dynamic',
  'deno-serve',
];

const timesOurs = (title: string, subject: string, atLeast: number): Bar => ({
  title,
  unit: 'ratio',
  of: { group: 'peer-cold', subject, metric: 'timesOurs' },
  atLeast,
});

const COLD_BARS: readonly Bar[] = [
  timesOurs('Cold start of workerd’s dynamic worker over ours, p50', 'workerd-dynamic', 5),
  timesOurs('Cold start of a fresh Node process over ours, p50', 'child-process', 50),
];

/** What is claimed over peers, as far as they were measured: under load one bar for each that isolates, at each load. */
export function peerBars(rows: readonly Row[]): readonly Bar[] {
  const underLoad = rows
    .filter(({ group, subject }) => group === 'peer-load' && ISOLATING_PEERS.includes(subject))
    .map(({ group, subject, title, params }): Bar => {
      const of = { group, subject, params, metric: 'cpuTimesOurs' };
      const at = `${params['inFlight']} in flight`;
      return { title: `CPU for a request over ours, ${at}: ${title}`, unit: 'ratio', of, atLeast: 1 };
    });
  return [...COLD_BARS, ...underLoad];
}
