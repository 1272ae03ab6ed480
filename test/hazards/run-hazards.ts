/**
 * `npm run hazards -- [--only NAME] [--json]`: every hostile function of test/hazards/functions beside a neighbour that
 * answers 1,000 requests a second in the same cell. Prints one line for each and ends with 1 when a bar was not held.
 * A bar of time that was missed is tried twice more, and must be held both times: what a hazard does it does again.
 */
import { parseArgs } from 'node:util';
import { renderTable } from '../../src/cli/shell/table.ts';
import { HOST_LIMITS } from '../../src/core/index.ts';
import { fullBars, type HazardBars } from './support/bars.ts';
import { type Hazard, parseHazard, readHazards } from './support/hazard.ts';
import { type HazardHost, startHazardHost } from './support/hazard-host.ts';
import { type HazardResult, runHazard } from './support/run-hazard.ts';

const USAGE = `Usage: npm run hazards -- [options]
  --only NAME   hazards whose name contains NAME; may be given again
  --rate N      requests a second to the neighbour (default 1000)
  --calm MS     time before and after the calls of a hazard (default 2500)
  --times N     calls of each hazard, at least (default: as many as it says)
  --apart       give the neighbour a namespace of its own; then none of its calls may be lost
  --json        print results as JSON`;

/** Of a hazard whose neighbour was slow. */
const MORE_TRIES = 2;

const RSS_LIMIT_BYTES = 1024 ** 3;

/** The worst of several tries. */
interface TriedResult extends HazardResult {
  readonly tries: number;
}

const COLUMNS: Readonly<Record<string, (result: TriedResult) => string>> = {
  HAZARD: ({ name }) => name,
  OUTCOME: ({ outcomes }) => outcomes.join(' '),
  'HEARD ms': ({ heardMs }) => heardMs.toFixed(0),
  KILLS: ({ kills, sentence }) => (sentence === undefined ? String(kills) : `${kills}, ${sentence}`),
  CALLS: ({ neighbour }) => String(neighbour.calls),
  LOST: ({ neighbour }) => String(neighbour.lost),
  'CALM P99': ({ neighbour }) => neighbour.calmP99Ms.toFixed(1),
  P99: ({ neighbour }) => neighbour.p99Ms.toFixed(1),
  'WORST SECOND': ({ neighbour }) => neighbour.worstP99Ms.toFixed(1),
  'SETTLED P99': ({ neighbour }) => neighbour.settledP99Ms.toFixed(1),
  'BACK ms': ({ neighbour }) => neighbour.replacedMs?.toFixed(0) ?? '',
  'RSS MiB': ({ peakBytes }) => mib(peakBytes),
  'ALL MiB': ({ peakTotalBytes }) => mib(peakTotalBytes),
  TRIES: ({ tries }) => String(tries),
  PROBLEM: ({ problems, slow }) => [...problems, ...slow].join('; '),
};

function isSurvived({ problems, slow }: HazardResult): boolean {
  return problems.length === 0 && slow.length === 0;
}

function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0);
}

interface RunOptions {
  readonly only: readonly string[];
  readonly rate: number;
  readonly calmMs: number;
  readonly times: number;
  readonly apart: boolean;
  readonly json: boolean;
}

const HARMLESS = `// class: leak
// tries: to do no harm
// expects: ok
// kills: no
export default { message: () => 'contained' };`;

async function tryHazard(world: HazardHost, hazard: Hazard, bars: HazardBars): Promise<TriedResult> {
  let result = await runHazard(world, hazard, bars);
  if (result.slow.length === 0) return { ...result, tries: 1 };
  let tries = 1;
  do {
    console.error(`${hazard.name}, try ${tries}: ${[...result.slow, ...result.problems].join('; ') || 'ok'}`);
    if (result.problems.length > 0) break;
    result = await runHazard(world, hazard, bars);
    tries += 1;
  } while (result.slow.length === 0 && tries <= MORE_TRIES);
  return { ...result, tries };
}

async function main({ only, rate, calmMs, times, apart, json }: RunOptions): Promise<number> {
  const bars = fullBars({ rate, calmMs, times, apart });
  const hazards = readHazards().filter(
    ({ name }) => only.length === 0 || only.some((part) => name.includes(part)),
  );
  if (hazards.length === 0) {
    console.error(`No hazard has a name with ${only.map((part) => `"${part}"`).join(' or ')} in it`);
    return 2;
  }
  const results: TriedResult[] = [];
  await using world = await startHazardHost(RSS_LIMIT_BYTES, HOST_LIMITS.inlineCpuMs);
  // What the first one measures is also V8 at work in the processes that measure.
  await runHazard(world, parseHazard('leak-nothing', HARMLESS), bars);
  for (const [index, hazard] of hazards.entries()) {
    const result = await tryHazard(world, hazard, bars);
    results.push(result);
    const verdict = isSurvived(result) ? 'ok' : [...result.problems, ...result.slow].join('; ');
    console.error(`${index + 1}/${hazards.length} ${result.name}: ${result.outcomes.join(' ')}: ${verdict}`);
  }
  const failed = results.filter((result) => !isSurvived(result));
  if (json) console.log(JSON.stringify(results, null, 2));
  else {
    const rows = results.map((result) => Object.values(COLUMNS).map((figure) => figure(result)));
    console.log(renderTable([Object.keys(COLUMNS), ...rows]));
    console.log(`\n${results.length} hazards, ${results.length - failed.length} survived as they must`);
  }
  return failed.length === 0 ? 0 : 1;
}

function readOptions(): ReturnType<typeof parse> | undefined {
  try {
    return parse();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

function parse() {
  return parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rate: { type: 'string', default: '1000' },
      calm: { type: 'string', default: '2500' },
      times: { type: 'string', default: '1' },
      apart: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

const options = readOptions();
const [rate, calmMs, times] = [Number(options?.rate), Number(options?.calm), Number(options?.times)];
if (options === undefined || !(rate > 0) || !(calmMs >= 0) || !(times >= 1)) {
  console.error(USAGE);
  process.exitCode = 2;
} else if (options.help) console.log(USAGE);
else process.exitCode = await main({ ...options, rate, calmMs, times });
