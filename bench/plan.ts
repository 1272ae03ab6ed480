import { parseArgs } from 'node:util';

/** What the cold tiers deploy, and the characters of its script. */
export const SCRIPT_SIZES = {
  small: { entry: 'orders.js', chars: 5_000 },
  large: { entry: 'streams.js', chars: 100_000 },
} as const;

export const TIERS = ['floor', 'warm', 'host-call', 'wasm', 'cold', 'peers', 'density', 'isolate'] as const;
export type Tier = (typeof TIERS)[number];

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
  readonly payloadBytes: number;
  /** Cold starts per cold tier and round. */
  readonly coldFunctions: number;
  readonly coldRounds: number;
  /** Before each request of a cold tier, so that the pool is full again. */
  readonly coldPauseMs: number;
  readonly freshCells: number;
  readonly idleFunctions: number;
  /** Blank isolates that are made to see what one costs. */
  readonly isolates: number;
  /** After a start: the pool and the spare cell fill up. */
  readonly settleMs: number;
}

export interface BenchOptions {
  readonly plan: Plan;
  /** @default bench/results/<date>.json */
  readonly jsonFile: string | undefined;
  /** Whether a missed bar is an error. */
  readonly assert: boolean;
}

const FULL = {
  rounds: 5,
  firstWarmupMs: 1_500,
  warmupMs: 300,
  windowMs: 1_500,
  coldFunctions: 55,
  coldRounds: 3,
  freshCells: 8,
  settleMs: 1_000,
};

const QUICK: typeof FULL = {
  rounds: 3,
  firstWarmupMs: 600,
  warmupMs: 100,
  windowMs: 400,
  coldFunctions: 20,
  coldRounds: 1,
  freshCells: 3,
  settleMs: 500,
};

export const USAGE = `npm run bench -- [--quick] [--only TIER]… [--json FILE] [--rounds N] [--window-ms N] [--assert]

  --quick        shorter windows, fewer cold starts: under a minute
  --only TIER    ${TIERS.join(', ')}; may be given several times
  --json FILE    where to write all raw figures (default bench/results/<date>.json)
  --rounds N     rounds of every load tier
  --window-ms N  length of one load window
  --assert       exit 1 when a bar is missed`;

/** @throws TypeError on an option or value that does not exist */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      rounds: { type: 'string' },
      'window-ms': { type: 'string' },
      assert: { type: 'boolean', default: false },
    },
  });
  const preset = values.quick ? QUICK : FULL;
  return {
    jsonFile: values.json,
    assert: values.assert,
    plan: {
      ...preset,
      quick: values.quick,
      tiers: values.only === undefined ? TIERS : values.only.map(parseTier),
      rounds: parseCount('--rounds', values.rounds, preset.rounds),
      windowMs: parseCount('--window-ms', values['window-ms'], preset.windowMs),
      payloadBytes: 100,
      coldPauseMs: 15,
      idleFunctions: 1_000,
      isolates: 100,
    },
  };
}

function parseTier(text: string): Tier {
  const tier = TIERS.find((known) => known === text);
  if (tier === undefined) throw new TypeError(`--only "${text}" is none of ${TIERS.join(', ')}`);
  return tier;
}

function parseCount(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new TypeError(`${option} "${text}" is not a whole number above 0`);
  return count;
}
