/**
 * Runs the tests with Node's runner: `npm test -- [PATH PART…] [node --test options]`.
 *
 * A file runs when its path contains one of the given parts, or when none is given. nats-server is found,
 * or fetched, before the first test, so that test files that run side by side do not all fetch it.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { defaultCacheDir } from '../src/host/nats-server/index.ts';
import { compile } from './compile.ts';
import { prepareNatsServer } from './prepare-nats-server.ts';

/** One more than two cores can run, because tests also wait. */
const CONCURRENCY = 3;
const TEST_TIMEOUT_MS = 60_000;
/** The runner waits for ever for a file that leaves something open; interrupted, it names the file and sums up. */
const RUN_TIMEOUT_MS = 20 * 60_000;

async function main(args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('-'));
  const parts = args.filter((arg) => !arg.startsWith('-'));
  const files = globSync('test/**/*.test.ts')
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .sort();
  if (files.length === 0) {
    console.error(parts.length === 0 ? 'There are no tests' : `No test path contains ${parts.join(' or ')}`);
    return 1;
  }
  if (!(await prepareNatsServer())) return 1;
  const preloads = ['compile-cache'];
  // Neither what is watched nor the lines that are counted may be those of a copy.
  if (!options.some((option) => option.includes('watch') || option.includes('coverage'))) {
    if (!compile('.compiled', ['--noCheck', '--declaration', 'false'])) return 1;
    preloads.push('compiled-sources');
  }
  const child = spawn(
    process.execPath,
    [
      // isolated-vm asks for it on every Node from 20
      '--no-node-snapshot',
      ...preloads.map((name) => `--import=${new URL(`../test/support/${name}.js`, import.meta.url).href}`),
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${CONCURRENCY}`,
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      ...options,
      ...files,
    ],
    { stdio: 'inherit', env: { ...process.env, ...compileCache(options) } },
  );
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  if (!options.includes('--watch')) {
    setTimeout(() => {
      console.error(`The tests are not done after ${RUN_TIMEOUT_MS / 60_000} minutes`);
      child.kill('SIGINT');
    }, RUN_TIMEOUT_MS).unref();
  }
  return await new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`Cannot start the test runner: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** The folder for what is compiled, the program's own one; none where the precise lines that ran are asked for. */
function compileCache(options: readonly string[]): NodeJS.ProcessEnv {
  if (options.some((option) => option.includes('coverage'))) return {};
  return { HAIRSPRING_TEST_CACHE: join(defaultCacheDir(process.env), 'compiled') };
}

process.exitCode = await main(process.argv.slice(2));
