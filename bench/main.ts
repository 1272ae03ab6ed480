/**
 * `npm run bench`: what a function host costs over bare nats.js, in one run on one machine; --help lists the options.
 *
 * Floors and functions are measured in turns, a round each, and compared within the round; the ratio is the median
 * over the rounds. docs/performance.md says how.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROW_GROUPS } from '../src/measure/index.ts';
import { findTestNats } from '../test/support/nats.ts';
import type { BenchRun } from './bench-run.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, type Plan, parseBenchOptions, USAGE } from './plan.ts';
import { findVerdicts } from './report/bars.ts';
import { describeRun, LEGEND } from './report/document.ts';
import { findNotes } from './report/notes.ts';
import { renderText, toTables } from './report/tables.ts';
import type { BenchResults } from './results.ts';
import { measureCold } from './tiers/cold.ts';
import { measureDensity } from './tiers/density.ts';
import { measureIsolates } from './tiers/isolate.ts';
import { measureLoad } from './tiers/load.ts';
import { measureOpenLoop } from './tiers/open-loop.ts';
import { measurePeers } from './tiers/peers.ts';

async function measure(plan: Plan): Promise<BenchResults> {
  const startedAt = new Date();
  const startMs = performance.now();
  const progress = (text: string): void => {
    console.error(`${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
  };
  const run: BenchRun = { plan, progress };
  const machine = describeMachine((await findTestNats()).version);
  progress(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, nats-server ${machine.natsServer}`);
  const rows = [...(await measureLoad(run))];
  if (plan.tiers.includes('open-loop')) rows.push(...(await measureOpenLoop(run)));
  if (plan.tiers.includes('cold')) rows.push(...(await measureCold(run)));
  const notes: string[] = [];
  if (plan.tiers.includes('peers')) {
    const peers = await measurePeers(run);
    rows.push(...peers.rows);
    notes.push(...peers.notes);
  }
  if (plan.tiers.includes('density')) rows.push(...(await measureDensity(run)));
  if (plan.tiers.includes('isolate')) rows.push(...(await measureIsolates(run)));
  return {
    format: 2,
    startedAt: startedAt.toISOString(),
    durationSeconds: (performance.now() - startMs) / 1_000,
    machine,
    plan,
    rows: rows.toSorted((a, b) => ROW_GROUPS.indexOf(a.group) - ROW_GROUPS.indexOf(b.group)),
    notes,
  };
}

function write(results: BenchResults, jsonFile: string | undefined): string {
  const name = results.startedAt.replaceAll(':', '-').replace(/\.\d+Z$/, 'Z');
  const file = resolve(jsonFile ?? fileURLToPath(new URL(`results/${name}.json`, import.meta.url)));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return relative(process.cwd(), file);
}

function print(results: BenchResults): void {
  console.log('');
  for (const line of describeRun(results)) console.log(line);
  console.log(LEGEND);
  for (const table of toTables(results.rows)) console.log(`\n${renderText(table)}`);
  const notes = findNotes(results);
  if (notes.length > 0) console.log('');
  for (const note of notes) console.log(`note: ${note}`);
}

async function main({ plan, jsonFile, assert }: BenchOptions): Promise<void> {
  const results = await measure(plan);
  print(results);
  console.log(`\n${Math.round(results.durationSeconds)} s; all figures: ${write(results, jsonFile)}`);
  if (assert && findVerdicts(results.rows).some(({ passed }) => !passed)) process.exitCode = 1;
}

if (process.argv.includes('--help')) console.log(USAGE);
else {
  let options: BenchOptions | undefined;
  try {
    options = parseBenchOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exitCode = 2;
  }
  if (options !== undefined) await main(options);
}
