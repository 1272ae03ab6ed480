import { parseArgs } from 'node:util';
import { parseCount } from '../options.ts';

/** What can be compared in turns: the paths that every invocation takes. */
export const MEASURES = ['echo', 'host-call', 'kv-get', 'wasm-command', 'cold'] as const;
export type Measure = (typeof MEASURES)[number];
const FIRST_WARMUP_MS = 1_500;
const DISPATCH_PATH: readonly Measure[] = ['echo', 'host-call', 'cold'];

/** How two commits are measured in turns. */
export interface TurnsPlan {
  readonly measures: readonly Measure[];
  /** How often all processes start anew; each start is one value of the comparison. */
  readonly starts: number;
  /** Of base and head each in every start. */
  readonly rounds: number;
  readonly windowMs: number;
  /** Load before the first window of a start, which compiles the code on the path. */
  readonly firstWarmupMs: number;
}

export interface CompareOptions {
  readonly source:
    | { readonly kind: 'files'; readonly base: string; readonly head: string }
    | { readonly kind: 'revision'; readonly base: string; readonly plan: TurnsPlan };
  /** `-` is stdout. */
  readonly jsonFile: string | undefined;
  /** Whether it is an error that something got worse. */
  readonly assert: boolean;
  /** Smaller changes are of no interest, as a share. */
  readonly minChange: number;
}

export const COMPARE_USAGE = `npm run bench -- compare A.json B.json [--min-change PERCENT] [--json FILE] [--assert]
npm run bench -- compare --base REVISION [--measure NAME]… [--starts N] [--rounds N] [--window-ms N]
                 [--min-change PERCENT] [--json FILE] [--assert]

  A.json B.json        two runs of the bench; what both measured is compared by its rounds
  --base REVISION      a commit, branch or tag: it and the working tree are measured in turns
  --measure NAME       ${MEASURES.join(', ')}; may be given several times (default ${DISPATCH_PATH.join(', ')})
  --starts N           how often all processes start anew (default 6)
  --rounds N           windows of each commit in every start (default 10)
  --window-ms N        length of one window (default 300)
  --min-change PERCENT smaller changes are taken for none (default 5)
  --json FILE          where to write the comparison; - is stdout
  --assert             exit 1 when something got worse`;

/** @throws TypeError on an option or value that does not exist */
export function parseCompareOptions(args: readonly string[]): CompareOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      base: { type: 'string' },
      measure: { type: 'string', multiple: true },
      starts: { type: 'string' },
      rounds: { type: 'string' },
      'window-ms': { type: 'string' },
      'min-change': { type: 'string' },
      json: { type: 'string' },
      assert: { type: 'boolean', default: false },
    },
  });
  const shared = {
    jsonFile: values.json,
    assert: values.assert,
    minChange: parsePercent('--min-change', values['min-change'], 5),
  };
  const [base, head, ...more] = positionals;
  if (values.base !== undefined) {
    if (base !== undefined) throw new TypeError('compare takes two files or --base REVISION, not both');
    const starts = parseCount('--starts', values.starts, 6);
    if (starts < 2) throw new TypeError(`--starts "${starts}" is too few: what starts differ by takes two`);
    const plan: TurnsPlan = {
      measures: values.measure?.map(parseMeasure) ?? DISPATCH_PATH,
      starts,
      rounds: parseCount('--rounds', values.rounds, 10),
      windowMs: parseCount('--window-ms', values['window-ms'], 300),
      firstWarmupMs: FIRST_WARMUP_MS,
    };
    return { ...shared, source: { kind: 'revision', base: values.base, plan } };
  }
  if (base === undefined || head === undefined || more.length > 0)
    throw new TypeError('compare takes two files of results, or --base REVISION');
  for (const option of ['measure', 'starts', 'rounds', 'window-ms'] as const) {
    if (values[option] !== undefined)
      throw new TypeError(`--${option} belongs to --base; files are measured already`);
  }
  return { ...shared, source: { kind: 'files', base, head } };
}

function parseMeasure(text: string): Measure {
  const measure = MEASURES.find((known) => known === text);
  if (measure === undefined) throw new TypeError(`--measure "${text}" is none of ${MEASURES.join(', ')}`);
  return measure;
}

function parsePercent(option: string, text: string | undefined, otherwise: number): number {
  const percent = text === undefined ? otherwise : Number(text);
  if (!(percent > 0 && percent < 100)) throw new TypeError(`${option} "${text}" is not a percentage above 0`);
  return percent / 100;
}
