import { parseArgs } from 'node:util';
import { FULL, PAYLOAD_BYTES, type Plan, QUICK, TIERS, type Tier } from './plan.ts';

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

export const USAGE = `npm run bench -- [--quick] [--only TIER]… [--rounds N] [--window-ms N] [--idle N]… [--assert]
                 [--json FILE] [--html FILE] [--no-plots]
npm run bench -- report [FILE] [--html FILE] [--no-plots]
npm run bench -- compare A.json B.json
npm run bench -- compare --base REVISION

  report         shows the run in FILE again (default bench/results/latest.json)
  compare        tells what differs between two runs or two commits; \`compare --help\` says more
  --quick        shorter windows, fewer cold starts and rates, no observation, no fairness: under two minutes
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
      tiers: values.only?.map(parseTier) ?? preset.tiers,
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
