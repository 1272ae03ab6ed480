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
  'observation',
  'fairness',
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
  /** The same with larger payloads; none are measured without a rate. */
  readonly largeOpenPercents: readonly number[];
  readonly largeOpenRounds: number;
  readonly largeOpenWindowMs: number;
  readonly observationRounds: number;
  readonly observationWindowMs: number;
  readonly fairnessRounds: number;
  readonly fairnessWindowMs: number;
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

/** What differs between a full run and a quick one. */
export type Preset = Omit<Plan, 'quick' | 'payloadBytes' | 'coldPauseMs'>;

export const PAYLOAD_BYTES = 100;
const MIB = 1024 ** 2;

/** Larger payloads, each with as many in flight as a responder is busy with. */
export const LARGE_LOADS: readonly Load[] = [
  { inFlight: 64, payloadBytes: 10_000 },
  // A function's messages may hold 16 MiB together.
  { inFlight: 16, payloadBytes: 512_000 },
];

function echoLoads(inFlight: readonly number[]): readonly Load[] {
  return [...inFlight.map((count) => ({ inFlight: count, payloadBytes: PAYLOAD_BYTES })), ...LARGE_LOADS];
}

export const FULL: Preset = {
  tiers: TIERS,
  rounds: 5,
  firstWarmupMs: 1_500,
  warmupMs: 300,
  windowMs: 1_000,
  echoLoads: echoLoads([1, 16, 64, 256, 1_024]),
  kvInFlight: [1, 64, 256],
  openPercents: [10, 25, 50, 70, 80, 90, 100, 110],
  openRounds: 3,
  openWindowMs: 1_000,
  largeOpenPercents: [50, 80],
  largeOpenRounds: 2,
  largeOpenWindowMs: 600,
  observationRounds: 5,
  observationWindowMs: 600,
  fairnessRounds: 3,
  fairnessWindowMs: 1_000,
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

export const QUICK: Preset = {
  // Each of the two starts hosts of its own, for which there is no time.
  tiers: TIERS.filter((tier) => tier !== 'observation' && tier !== 'fairness'),
  rounds: 2,
  firstWarmupMs: 300,
  warmupMs: 80,
  windowMs: 200,
  echoLoads: echoLoads([1, 64, 256]),
  kvInFlight: [1, 64],
  openPercents: [50, 80, 100],
  openRounds: 1,
  openWindowMs: 300,
  largeOpenPercents: [],
  largeOpenRounds: 1,
  largeOpenWindowMs: 200,
  observationRounds: 2,
  observationWindowMs: 200,
  fairnessRounds: 1,
  fairnessWindowMs: 500,
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
