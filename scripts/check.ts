/**
 * The gate: `npm run check -- [--no-tests] [--keep-going]`.
 *
 * One line per step; what a step prints is shown when it fails. Stops at the first failure unless told to
 * keep going.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Step {
  readonly name: string;
  /** A script for the Node that runs this one, with its arguments. */
  readonly args: readonly string[];
}

const BIOME = 'node_modules/@biomejs/biome/bin/biome';
const TSC = 'node_modules/typescript/bin/tsc';
const KNIP = 'node_modules/knip/bin/knip.js';

function listSteps(withTests: boolean): readonly Step[] {
  const steps: Step[] = [
    { name: 'format and lint', args: [BIOME, 'check', '--error-on-warnings', '--max-diagnostics=100', '.'] },
    { name: 'types: host', args: [TSC, '-p', 'tsconfig.json'] },
    { name: 'types: guest', args: [TSC, '-p', 'tsconfig.guest.json'] },
    { name: 'types: web', args: [TSC, '-p', 'tsconfig.web.json'] },
  ];
  if (existsSync('examples/tsconfig.json')) {
    steps.push({ name: 'types: examples', args: [TSC, '-p', 'examples/tsconfig.json'] });
  }
  steps.push({ name: 'dead code', args: [KNIP, '--no-progress'] });
  steps.push({ name: 'architecture', args: ['--test', ...globSync('test/architecture/*.test.ts')] });
  if (withTests) steps.push({ name: 'tests', args: ['scripts/test.ts'] });
  return steps;
}

/** Runs one step and says how it went. */
async function run(step: Step): Promise<boolean> {
  const startedAt = performance.now();
  const output: Buffer[] = [];
  const child = spawn(process.execPath, step.args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const passed = await new Promise<boolean>((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(error.message));
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`${passed ? '✔' : '✖'} ${step.name.padEnd(18)} ${seconds.padStart(6)} s`);
  if (!passed) console.log(`\n${Buffer.concat(output).toString().trimEnd()}\n`);
  return passed;
}

const { values } = parseArgs({
  options: { 'no-tests': { type: 'boolean' }, 'keep-going': { type: 'boolean' } },
});
let failed = 0;
for (const step of listSteps(values['no-tests'] !== true)) {
  if (await run(step)) continue;
  failed += 1;
  if (values['keep-going'] !== true) break;
}
if (failed > 0) {
  console.log(`The gate is shut: ${failed} ${failed === 1 ? 'step' : 'steps'} failed`);
  process.exitCode = 1;
}
