/** Runs one test file in an isolate of its own, through the runtime that functions have. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HostCall, HostCallResult } from '../../src/core/index.ts';
import { prepareBuiltIns } from '../../src/hostservices/index.ts';
import { createTestFunction, moduleOf } from '../support/functions.ts';
import { createSpec } from '../support/spec.ts';
import { readScript, resolveFrom, type WptFile } from './checkout.ts';

export interface Subtest {
  readonly name: string;
  readonly status: string;
  readonly message: string;
}

export interface FileResult {
  readonly file: string;
  /** `OK`, `ERROR`, `TIMEOUT`, or `CRASH` when the isolate gave no result. */
  readonly status: string;
  readonly message: string;
  readonly subtests: readonly Subtest[];
}

const TIMEOUT_MS = 10_000;
/** Three times what the suite gives: a thousand key derivations of 100,000 iterations take a minute by themselves. */
const LONG_TIMEOUT_MS = 600_000;
/** So much longer than its tests a file may take. */
const GRACE_MS = 10_000;
const HARNESS = readFileSync(new URL('guest-harness.js', import.meta.url), 'utf8');

/** The test is evaluated in an invocation, because timers belong to one. */
const RUNNER = moduleOf(`{
  async message(msg, env) {
    globalThis.wptRead = (path) => env.HOST.get(path);
    return await new Promise((resolve) => {
      globalThis.wptReport = (result) => resolve(JSON.stringify(result));
      (0, eval)(msg.text());
    });
  },
}`);

/**
 * @param timeoutMs for its tests; 10 s by default, 10 minutes for those that say they are long
 * @returns one result for each variant of the file
 */
export async function runTest(
  root: string,
  file: WptFile,
  timeoutMs: number = file.long ? LONG_TIMEOUT_MS : TIMEOUT_MS,
): Promise<readonly FileResult[]> {
  const results: FileResult[] = [];
  // The timers of functions keep no process alive.
  const alive = setInterval(() => undefined, timeoutMs);
  for (const variant of file.variants) {
    try {
      results.push(await runVariant(root, file, variant, timeoutMs));
    } catch (error) {
      results.push({ file: `${file.path}${variant}`, status: 'CRASH', message: `${error}`, subtests: [] });
    }
  }
  clearInterval(alive);
  return results;
}

async function runVariant(
  root: string,
  file: WptFile,
  variant: string,
  timeoutMs: number,
): Promise<FileResult> {
  const name = `${file.path}${variant}`;
  const limits = { timeoutMs: timeoutMs + GRACE_MS, cpuMs: timeoutMs, memoryBytes: 512 * 1024 ** 2 };
  using probe = createTestFunction(RUNNER, {
    host: (call) => serve(root, file, call),
    prepared: prepareBuiltIns(createSpec({ limits })),
    limits,
  });
  const answer = await probe.call({ data: assemble(root, file, variant, timeoutMs) });
  if (answer.ok) return { file: name, ...(JSON.parse(answer.text) as Omit<FileResult, 'file'>) };
  const { code, message } = answer.error;
  return { file: name, status: 'CRASH', message: `${code}: ${message}`, subtests: [] };
}

/** One script, for the harness takes a test to be loaded when the microtasks of its own script have run. */
function assemble(root: string, file: WptFile, variant: string, timeoutMs: number): string {
  const href = `http://wpt.test/${file.path}${variant}`;
  const { origin, pathname, search } = new URL(href);
  const location = { href, origin, protocol: 'http:', host: 'wpt.test', pathname, search };
  const scripts = file.scripts.map((path) => readScript(root, path));
  return [
    `globalThis.location = { ...${JSON.stringify(location)}, toString() { return this.href } };`,
    HARNESS,
    readScript(root, 'resources/testharness.js'),
    `wptStart(globalThis.wptReport, ${timeoutMs});`,
    ...scripts,
    file.text,
    'globalThis.wptEvaluated = true;',
  ].join('\n;\n');
}

/** Reads a file of the checkout. */
async function serve(root: string, file: WptFile, { args }: HostCall): Promise<HostCallResult> {
  const path = join(root, resolveFrom(file.path, String(args[0])));
  if (!path.startsWith(root) || statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    return { value: null };
  return { value: [1, 0], data: readFileSync(path) };
}
