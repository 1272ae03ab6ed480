/**
 * `npm run bench`: what a function host costs over bare nats.js, in one run on one machine; --help lists the options.
 *
 * Floors and functions are measured in turns, a round each, and compared within the round; the ratio is the median
 * over the rounds. docs/performance.md says how.
 */
import { COMPARE_USAGE, parseCompareOptions } from './compare/options.ts';
import { RevisionError } from './compare/revision.ts';
import { runCompare } from './compare/run.ts';
import { measure } from './measure.ts';
import { type BenchOptions, parseBenchOptions, USAGE } from './options.ts';
import { createProgress } from './progress.ts';
import { judgeBars } from './report/bars.ts';
import { renderTerminal } from './report/print.ts';
import { LATEST, publishHtml, publishResults } from './report/publish.ts';
import type { BenchResults } from './results.ts';
import { ResultsFileError, readResults, renderResults } from './results-file.ts';

/** Tables to stdout; with `--json -` stdout has the results alone. */
function print(results: BenchResults, { jsonFile }: BenchOptions): void {
  if (jsonFile === '-') process.stdout.write(renderResults(results));
  else console.log(`\n${renderTerminal(results, { color: process.stdout.hasColors?.() ?? false })}\n`);
}

async function runBench(options: BenchOptions): Promise<void> {
  const { plan, jsonFile, assert } = options;
  const progress = createProgress();
  const { results, failed } = await measure(plan, progress);
  print(results, options);
  const files = publishResults(results, jsonFile === '-' ? undefined : jsonFile);
  const page = await publishHtml(results, { ...options, note: progress.done });
  progress.done(`all figures: ${files.join(', ')}; report: ${page}`);
  if (failed.length > 0) process.exitCode = 1;
  if (assert && judgeBars(results.rows).some(({ passed }) => !passed)) process.exitCode = 1;
}

/** Shows a run again. */
async function runReport(file: string, options: BenchOptions): Promise<void> {
  const progress = createProgress();
  const results = readResults(file);
  print(results, options);
  progress.done(`report: ${await publishHtml(results, { ...options, note: progress.done })}`);
}

/** What the arguments ask for. @throws TypeError on what does not exist */
function parseCommand(args: readonly string[]): () => Promise<void> {
  const [command, ...rest] = args;
  if (args.includes('--help')) return async () => console.log(command === 'compare' ? COMPARE_USAGE : USAGE);
  if (command === 'compare') {
    const options = parseCompareOptions(rest);
    return () => runCompare(options);
  }
  if (command === 'report') {
    const named = rest[0] !== undefined && !rest[0].startsWith('-');
    const options = parseBenchOptions(named ? rest.slice(1) : rest);
    return () => runReport(named ? (rest[0] ?? LATEST) : LATEST, options);
  }
  const options = parseBenchOptions(args);
  return () => runBench(options);
}

const args = process.argv.slice(2);
try {
  const run = parseCommand(args);
  try {
    await run();
  } catch (error) {
    // What a user can mend is told without a stack.
    if (!(error instanceof ResultsFileError || error instanceof RevisionError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${args[0] === 'compare' ? COMPARE_USAGE : USAGE}`);
  process.exitCode = 2;
}
