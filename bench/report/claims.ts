import type { Row, Unit } from '../../src/measure/index.ts';
import { type FigureQuery, findRow } from './find-row.ts';
import { quantity } from './format.ts';
import type { Table } from './table.ts';

/** What is said of the product in public, each with the rows that bear it out. */
interface Claim {
  readonly title: string;
  readonly unit: Unit;
  readonly ours: FigureQuery;
  /** What stands beside it. Peers that the run did not measure are left out. */
  readonly beside: readonly Beside[];
}

interface Beside {
  readonly name: string;
  readonly of: FigureQuery;
  /** Our figure over this one, round by round: medians of all rounds may lie nearer to each other, or further apart. */
  readonly paired?: FigureQuery;
}

/** A claim with its figures. */
export interface FoundClaim {
  readonly title: string;
  readonly ours: string;
  readonly beside: readonly string[];
  readonly rowIds: readonly string[];
}

type Params = FigureQuery['params'];

const peerCold = (subject: string): FigureQuery => ({ group: 'peer-cold', subject, metric: 'p50Ms' });
const peerLoad = (subject: string): FigureQuery => ({
  ...{ group: 'peer-load', subject, params: { inFlight: 64 }, metric: 'cpuUs' },
});
const load = (subject: string, metric: string, inFlight: number): FigureQuery => {
  const params: Params = { inFlight, payloadBytes: 100 };
  return { group: 'load', subject, params, metric };
};
const started = (functions: number, metric: string): FigureQuery => ({
  ...{ group: 'density', subject: 'started', params: { functions }, metric },
});

const CLAIMS: readonly Claim[] = [
  {
    title: 'First reply of an idle function over NATS, p50',
    unit: 'ms',
    ours: peerCold('hairspring'),
    beside: [
      { name: 'a new worker thread', of: peerCold('worker-threads') },
      { name: '`deno run`', of: peerCold('deno-run') },
      { name: 'a fresh Node process', of: peerCold('child-process') },
    ],
  },
  {
    title: 'The same over HTTP',
    unit: 'ms',
    ours: peerCold('hairspring-http'),
    beside: [{ name: 'workerd’s dynamic worker', of: peerCold('workerd-dynamic') }],
  },
  {
    title: 'CPU for a request to a warm function over NATS, 64 in flight',
    unit: 'µs',
    ours: peerLoad('hairspring'),
    beside: [
      { name: 'bare nats.js', of: peerLoad('nats-echo') },
      { name: 'worker threads', of: peerLoad('worker-threads') },
      { name: 'the same by batches', of: peerLoad('worker-threads-batched') },
    ],
  },
  {
    title: 'The same over HTTP',
    unit: 'µs',
    ours: peerLoad('hairspring-http'),
    beside: [
      { name: 'bare `node:http`', of: peerLoad('node-http') },
      { name: 'workerd', of: peerLoad('workerd-static') },
      { name: 'workerd’s dynamic worker', of: peerLoad('workerd-dynamic') },
      { name: 'Deno', of: peerLoad('deno-serve') },
    ],
  },
  {
    title: 'Requests a second, 256 in flight',
    unit: '1/s',
    ours: load('echo-function', 'perSecond', 256),
    beside: [
      {
        name: 'bare nats.js',
        of: load('echo-floor', 'perSecond', 256),
        paired: load('echo-function', 'ratio', 256),
      },
    ],
  },
  {
    title: 'Reply of a warm function, one in flight, p50',
    unit: 'ms',
    ours: load('echo-function', 'p50Ms', 1),
    beside: [{ name: 'bare nats.js', of: load('echo-floor', 'p50Ms', 1) }],
  },
  {
    title: 'WebAssembly, a fresh instance for each request, 256 in flight',
    unit: '1/s',
    ours: load('wasm-command', 'perSecond', 256),
    beside: [{ name: '`node:wasi`', of: load('wasi-node', 'perSecond', 256) }],
  },
  {
    title: 'Memory of 1,000 idle functions',
    unit: 'bytes',
    ours: started(1_000, 'extraRssBytes'),
    beside: [],
  },
  { title: 'Start of a host with 1,000 functions', unit: 'ms', ours: started(1_000, 'startMs'), beside: [] },
];

/** The claims that the run bears out with figures of its own. */
export function findClaims(rows: readonly Row[]): readonly FoundClaim[] {
  const show = (of: FigureQuery, unit: Unit): { readonly id: string; readonly text: string } | undefined => {
    const row = findRow(rows, of);
    const value = row?.metrics.find(({ name }) => name === of.metric)?.value;
    return row === undefined || value === undefined ? undefined : { id: row.id, text: quantity(value, unit) };
  };
  return CLAIMS.flatMap(({ title, unit, ours, beside }) => {
    const own = show(ours, unit);
    if (own === undefined) return [];
    const others = beside.flatMap(({ name, of, paired }) => {
      const found = show(of, unit);
      const share = paired === undefined ? undefined : show(paired, 'ratio');
      const inPairs = share === undefined ? '' : ` (ratio of the rounds ${share.text})`;
      return found === undefined ? [] : [{ id: found.id, text: `${name} ${found.text}${inPairs}` }];
    });
    return [
      {
        title,
        ours: own.text,
        beside: others.map(({ text }) => text),
        rowIds: [own.id, ...others.map(({ id }) => id)],
      },
    ];
  });
}

/** For the README. */
export function claimTable(claims: readonly FoundClaim[]): Table {
  const lines = claims.map(({ title, ours, beside }) => [title, ours, beside.join(', ')]);
  return { title: 'Measured', rows: [['', 'Hairspring', 'beside it, in the same run'], ...lines] };
}

/** For docs/performance.md: which rows of the results each claim rests on. */
export function claimSourceTable(claims: readonly FoundClaim[]): Table {
  const lines = claims.map(({ title, rowIds }) => [title, rowIds.map((id) => `\`${id}\``).join(', ')]);
  return {
    title: 'What the README claims, and its rows',
    rows: [['claim', 'rows of results.json'], ...lines],
  };
}
