/** A host in a process of its own, for tests that end it by force or measure it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface HostProcess extends AsyncDisposable {
  readonly pid: number;
  readonly nodeId: string;
  readonly dataDir: string;
  /** Where HTTP triggers are served; undefined without names. */
  readonly httpUrl: string | undefined;
  /** Milliseconds from starting the process to its serving. */
  readonly startedInMs: number;
  cellPids(): Promise<readonly number[]>;
  /** Cells that died with functions in them, ever. */
  deaths(): Promise<readonly CellDeath[]>;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

export interface CellDeath {
  readonly pid: number;
  readonly namespace: string;
}

interface Report {
  readonly nodeId: string;
  readonly cells: readonly number[];
  readonly deaths: readonly CellDeath[];
  readonly httpUrl?: string;
}

const ENTRY = fileURLToPath(new URL('../e2e/fixtures/host-process.ts', import.meta.url));

export interface HostProcessOptions {
  /** Kept at the end. @default a temporary one, removed at the end */
  readonly dataDir?: string;
  /** @default the product's */
  readonly spareCells?: number;
  /** @default the product's */
  readonly cellRssLimitBytes?: number;
  /** @default 1,000: a `cpu` of 1s, as tests have it, is to change nothing else */
  readonly inlineCpuMs?: number;
  /** Namespaces by host name, for HTTP triggers. @default none are served */
  readonly httpNames?: Readonly<Record<string, string>>;
}

export async function startHostProcess(url: string, options: HostProcessOptions = {}): Promise<HostProcess> {
  const { dataDir: givenDir, spareCells = 1, cellRssLimitBytes, inlineCpuMs = 1_000, httpNames } = options;
  const dataDir = givenDir ?? (await mkdtemp(join(tmpdir(), 'hairspring-host-')));
  const startedMs = performance.now();
  const numbers = [spareCells, inlineCpuMs, cellRssLimitBytes ?? ''].map(String);
  const names = httpNames === undefined ? '' : JSON.stringify(httpNames);
  const child = fork(ENTRY, [url, dataDir, ...numbers, names], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
  const first = await Promise.race([
    nextReport(child),
    exited.then((end) => {
      throw new Error(`The host ended with ${end.code}: ${end.stderr}`);
    }),
  ]);
  return {
    pid: child.pid ?? 0,
    nodeId: first.nodeId,
    dataDir,
    httpUrl: first.httpUrl,
    startedInMs: performance.now() - startedMs,
    cellPids: async () => (await askReport(child)).cells,
    deaths: async () => (await askReport(child)).deaths,
    signal: (signal) => void child.kill(signal),
    exited,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
      if (givenDir === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function askReport(child: ChildProcess): Promise<Report> {
  const report = nextReport(child);
  child.send({});
  return await report;
}

async function nextReport(child: ChildProcess): Promise<Report> {
  const [report] = await once(child, 'message');
  return report as Report;
}
