/**
 * `npm run bench:planted`: whether `bench compare` sees what it is for. Two trees of the same commit are compared and
 * must be told apart by nothing; then one of them spends a fifth more on every invocation, and must be called worse.
 * Takes some minutes of a machine that does nothing else; exits with 1 when either is not so.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { parseCompareOptions } from './compare/options.ts';
import { renderComparison } from './compare/print.ts';
import { checkOut, ROOT } from './compare/revision.ts';
import { candidatesOfPairs } from './compare/turn-figures.ts';
import { measureInTurns } from './compare/turns.ts';
import { type Comparison, judgeAll } from './compare/verdict.ts';
import { createProgress } from './progress.ts';

const SLOWER = 0.2;
/** Where every invocation comes by, and the first line of it. */
const FILE = 'src/runtime/dispatch/function-runner.ts';
const PLACE = '  accept(invocation: Invocation): void {\n';

/** Has every invocation take so much longer. */
function plant(folder: string, us: number): void {
  const file = join(folder, FILE);
  const source = readFileSync(file, 'utf8');
  if (!source.includes(PLACE)) throw new Error(`Planting a slow-down: ${FILE} has no line "${PLACE.trim()}"`);
  const spin = `    for (const endMs = performance.now() + ${us / 1_000}; performance.now() < endMs; );\n`;
  writeFileSync(file, source.replace(PLACE, PLACE + spin));
}

const { source } = parseCompareOptions(['--base', 'HEAD', '--measure', 'echo', ...process.argv.slice(2)]);
if (source.kind !== 'revision')
  throw new TypeError('Planting a slow-down takes the options of compare --base');
const { plan } = source;
const progress = createProgress();
const paint = createColors(process.stdout.hasColors?.() ?? false);
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());

async function compare(head: string, title: string): Promise<readonly Comparison[]> {
  const { signal } = interrupted;
  const pairs = await measureInTurns({ plan, base: ROOT, head, progress: progress.update, signal });
  const comparisons = judgeAll(candidatesOfPairs(pairs));
  console.log(
    `${renderComparison({ base: 'the working tree', head: title, comparisons, notes: [] }, paint)}\n`,
  );
  return comparisons;
}

await using copy = await checkOut('HEAD', { note: progress.done });
const same = await compare(copy.folder, 'the same commit');
const cpuUs = same.find(({ metric }) => metric === 'cpuUs')?.head;
if (cpuUs === undefined) throw new Error('Planting a slow-down: the CPU of a request could not be measured');
const plantedUs = SLOWER * cpuUs;
plant(copy.folder, plantedUs);
const slower = await compare(copy.folder, `with ${plantedUs.toFixed(2)} µs more for each invocation`);
const isCalm = same.every(({ verdict }) => verdict !== 'worse' && verdict !== 'better');
const isSeen = slower.some(({ metric, verdict }) => metric === 'cpuUs' && verdict === 'worse');
console.log(`the same commit: ${isCalm ? 'nothing moved, as it must be' : 'WRONGLY told apart'}`);
console.log(`a slow-down of ${100 * SLOWER} %: ${isSeen ? 'found' : 'NOT found'}`);
if (!isCalm || !isSeen) process.exitCode = 1;
