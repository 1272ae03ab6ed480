/** Runs the program as a user does: as a child process, by its launcher. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultCacheDir } from '../../../src/host/nats-server/index.ts';
import { NODE_FLAGS } from '../../support/node-flags.ts';

const BIN = fileURLToPath(new URL('../../../bin/hairspring.js', import.meta.url));
/** Generous: the machine may be busy. */
const DEADLINE_MS = 30_000;
const GONE_MS = 20_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
export const ESCAPE = /\u001b\[/;

export const EXAMPLES: string = fileURLToPath(new URL('../../../examples', import.meta.url));

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

export interface CliRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running program. Disposing kills it if it still runs. */
export interface CliProcess extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with what `pattern` matches in stdout or stderr, of what has not been waited for yet. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Reads no more of what it prints, as a `head` that has ended. */
  closeReader(of: 'stdout' | 'stderr'): void;
  readonly ended: Promise<CliRun>;
}

/** Starts the program with nothing of the user's environment that it reads, but the cache. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const child = spawn(process.execPath, [...NODE_FLAGS, BIN, ...args], {
    cwd: options.cwd,
    env: cleanEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const output = collect(child);
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout: output.stdout(), stderr: output.stderr() });
    });
  });
  return {
    pid: child.pid ?? 0,
    waitFor: (pattern) => output.waitFor(pattern, args.join(' ')),
    kill: (signal) => void child.kill(signal),
    closeReader: (of) => void child[of].destroy(),
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs the program to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  return startCli(args, options).ended;
}

/** Where what one command leaves is found by the next. */
const dataDir = mkdtempSync(join(tmpdir(), 'hairspring-user-'));
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));

function cleanEnvironment(more: CliOptions['env']): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([key]) => !/^(?:NATS_|HAIRSPRING_|XDG_|NODE_|NO_COLOR$|FORCE_COLOR$|HOME$)/.test(key),
  );
  return {
    ...Object.fromEntries(own),
    HOME: join('/nonexistent', 'home'),
    HAIRSPRING_DATA: dataDir,
    HAIRSPRING_CACHE: defaultCacheDir(process.env),
    ...more,
  };
}

interface Collected {
  stdout(): string;
  stderr(): string;
  waitFor(pattern: RegExp, what: string): Promise<RegExpExecArray>;
}

function collect(child: ChildProcess): Collected {
  const texts = { stdout: '', stderr: '' };
  let all = '';
  let seen = 0;
  let closed = false;
  const changed = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
      all += chunk;
      for (const notify of changed) notify();
    });
  }
  child.once('close', () => {
    closed = true;
    for (const notify of changed) notify();
  });
  return {
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    waitFor(pattern, what) {
      return new Promise((resolve, reject) => {
        const finish = (): void => {
          clearTimeout(timer);
          changed.delete(look);
        };
        const look = (): void => {
          const match = pattern.exec(all.slice(seen));
          if (match !== null) {
            seen += match.index + match[0].length;
            finish();
            resolve(match);
          } else if (closed) {
            finish();
            reject(new Error(`"${what}" ended without ${pattern}:\n${all}`));
          }
        };
        const timer = setTimeout(() => {
          finish();
          reject(new Error(`"${what}" has not printed ${pattern} in time:\n${all}`));
        }, DEADLINE_MS);
        changed.add(look);
        look();
      });
    },
  };
}

/** Ids of all processes that `pid` has started, theirs included. Linux only: empty elsewhere. */
export async function descendantsOf(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (each: number): boolean => {
    const parent = parents.get(each);
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

/** Resolves when none of the processes is left; they may take a moment after the one that they belong to. */
export async function allGone(pids: readonly number[]): Promise<void> {
  const untilMs = performance.now() + GONE_MS;
  while (pids.some(isAlive)) {
    if (performance.now() > untilMs) throw new Error(`Still running: ${pids.filter(isAlive).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
