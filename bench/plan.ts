import { parseArgs } from 'node:util';

/** What the cold tiers deploy, and the characters of its script. */
export const SCRIPT_SIZES = {
  small: { entry: 'orders.js', chars: 5_000 },
  large: { entry: 'streams.js', chars: 100_000 },
} as const;

export const TIERS = [
  'floor',
  'warm',
  'host-call',
  'wasm',
  'open-loop',
  'cold',
  'peers',
  'density',
  'cells',
  'isolate',
] as const;
export type Tier = (typeof TIERS)[number];

/** What a closed loop keeps under way. */
export interface Load {
  readonly inFlight: number;
  readonly payloadBytes: number;
}

/** How much is measured. */
export interface Plan {
  readonly quick: boolean;
  readonly tiers: readonly Tier[];
  /** Rounds in which every target of a tier is measured once. */
  readonly rounds: number;
  /** Load before the first round, which compiles the code on the path; once per target. */
  readonly firstWarmupMs: number;
  /** Load before each window. */
  readonly warmupMs: number;
  readonly windowMs: number;
  /** Where nothing else is said. */
  readonly payloadBytes: number;
  /** Of the echo floor and the echo function. */
  readonly echoLoads: readonly Load[];
  readonly kvInFlight: readonly number[];
  /** Fixed rates, in per cent of what the closed loop reaches. */
  readonly openPercents: readonly number[];
  readonly openRounds: number;
  readonly openWindowMs: number;
  /** Cold starts in each round of functions of 5 KB. */
  readonly coldFunctions: number;
  /** And of every other kind, unless it is too large for so many. */
  readonly coldFunctionsOfKind: number;
  readonly coldRounds: number;
  /** Before each request of a cold tier, so that the pool is full again. */
  readonly coldPauseMs: number;
  readonly freshCells: number;
  /** Functions that are deployed and not called: how many a host is started with, ascending. */
  readonly idleCounts: readonly number[];
  /** Deployed by the control plane, one by one; the rest is written into its bucket. */
  readonly deployedFunctions: number;
  /** Functions that are called once, to see how many stay warm, and the memory that they may take. */
  readonly warmFunctions: number;
  readonly warmMemoryBytes: number;
  /** Namespaces, each with a cell of its own: how many a host is started with, ascending. */
  readonly cellCounts: readonly number[];
  readonly cellRounds: number;
  readonly cellWindowMs: number;
  /** Blank isolates that are made to see what one costs. */
  readonly isolates: number;
  /** After a start: the pool and the spare cell fill up. */
  readonly settleMs: number;
}

export interface BenchOptions {
  readonly plan: Plan;
  /** `-` is stdout. @default bench/results/<date>.json and bench/results/latest.json */
  readonly jsonFile: string | undefined;
  /** @default bench/results/report.html */
  readonly htmlFile: string | undefined;
  /** Whether the report has plots, for which a library is installed when it is missing. */
  readonly plots: boolean;
  /** Whether a missed bar is an error. */
  readonly assert: boolean;
}

type Preset = Omit<Plan, 'quick' | 'tiers' | 'payloadBytes' | 'coldPauseMs'>;

const PAYLOAD_BYTES = 100;
const MIB = 1024 ** 2;

function echoLoads(inFlight: readonly number[]): readonly Load[] {
  return [
    ...inFlight.map((count) => ({ inFlight: count, payloadBytes: PAYLOAD_BYTES })),
    { inFlight: 64, payloadBytes: 10_000 },
    // A function's messages may hold 16 MiB together.
    { inFlight: 16, payloadBytes: 512_000 },
  ];
}

const FULL: Preset = {
  rounds: 5,
  firstWarmupMs: 1_500,
  warmupMs: 300,
  windowMs: 1_000,
  echoLoads: echoLoads([1, 16, 64, 256, 1_024]),
  kvInFlight: [1, 64, 256],
  openPercents: [10, 25, 50, 70, 80, 90, 100, 110],
  openRounds: 3,
  openWindowMs: 1_000,
  coldFunctions: 40,
  coldFunctionsOfKind: 15,
  coldRounds: 3,
  freshCells: 8,
  idleCounts: [1_000, 10_000, 50_000],
  deployedFunctions: 1_000,
  warmFunctions: 900,
  warmMemoryBytes: 512 * MIB,
  cellCounts: [1, 4, 16],
  cellRounds: 3,
  cellWindowMs: 300,
  isolates: 100,
  settleMs: 1_000,
};

const QUICK: Preset = {
  rounds: 2,
  firstWarmupMs: 300,
  warmupMs: 80,
  windowMs: 200,
  echoLoads: echoLoads([1, 64, 256]),
  kvInFlight: [1, 64],
  openPercents: [50, 80, 100],
  openRounds: 1,
  openWindowMs: 300,
  coldFunctions: 10,
  coldFunctionsOfKind: 3,
  coldRounds: 1,
  freshCells: 1,
  idleCounts: [1_000],
  deployedFunctions: 20,
  warmFunctions: 40,
  warmMemoryBytes: 24 * MIB,
  cellCounts: [2],
  cellRounds: 1,
  cellWindowMs: 200,
  isolates: 40,
  settleMs: 300,
};

export const USAGE = `npm run bench -- [--quick] [--only TIER]… [--rounds N] [--window-ms N] [--idle N]… [--assert]
                 [--json FILE] [--html FILE] [--no-plots]
npm run bench -- report [FILE] [--html FILE] [--no-plots]
npm run bench -- compare A.json B.json
npm run bench -- compare --base REVISION

  report         shows the run in FILE again (default bench/results/latest.json)
  compare        tells what differs between two runs or two commits; \`compare --help\` says more
  --quick        shorter windows, fewer cold starts: under two minutes
  --only TIER    ${TIERS.join(', ')}; may be given several times
  --json FILE    where to write all figures (default bench/results/<date>.json and latest.json there);
                 with - they go to stdout, and the tables nowhere
  --html FILE    where to write the report with plots (default bench/results/report.html)
  --no-plots     leaves the plots out, and does not install the library that draws them
  --rounds N     rounds of every load tier
  --window-ms N  length of one load window
  --idle N       idle functions of the density tier; may be given several times
  --assert       exit 1 when a bar is missed`;

/** @throws TypeError on an option or value that does not exist */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      html: { type: 'string' },
      'no-plots': { type: 'boolean', default: false },
      rounds: { type: 'string' },
      'window-ms': { type: 'string' },
      idle: { type: 'string', multiple: true },
      assert: { type: 'boolean', default: false },
    },
  });
  const preset = values.quick ? QUICK : FULL;
  const idle = values.idle?.map((text) => parseCount('--idle', text, 0)).sort((a, b) => a - b);
  return {
    jsonFile: values.json,
    htmlFile: values.html,
    plots: !values['no-plots'],
    assert: values.assert,
    plan: {
      ...preset,
      quick: values.quick,
      tiers: values.only === undefined ? TIERS : values.only.map(parseTier),
      rounds: parseCount('--rounds', values.rounds, preset.rounds),
      windowMs: parseCount('--window-ms', values['window-ms'], preset.windowMs),
      idleCounts: idle ?? preset.idleCounts,
      payloadBytes: PAYLOAD_BYTES,
      coldPauseMs: 15,
    },
  };
}

function parseTier(text: string): Tier {
  const tier = TIERS.find((known) => known === text);
  if (tier === undefined) throw new TypeError(`--only "${text}" is none of ${TIERS.join(', ')}`);
  return tier;
}

/** @throws TypeError */
export function parseCount(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new TypeError(`${option} "${text}" is not a whole number above 0`);
  return count;
}
