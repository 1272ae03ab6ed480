/**
 * `npm run demo`: starts a node with a nats-server of its own, deploys the examples idle, calls each
 * from outside with a plain NATS client, prints what came back and how fast, and leaves nothing running.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { renderTable } from '../src/cli/shell/table.ts';
import {
  answersMethod,
  isHttpTrigger,
  routeMatches,
  routeSegments,
  subjectMatches,
  type Trigger,
} from '../src/core/index.ts';
import { findNexfiles, parseNexfile } from '../src/host/index.ts';
import { prepareNatsServer } from './prepare-nats-server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLI = join(ROOT, 'bin', 'hairspring.js');
const WARM_CALLS = 200;
const REPLY_WITHIN_MS = 5_000;

/** A message, or an HTTP request. */
type Sample = { readonly payload: string; readonly expect: string } & (
  | { readonly subject: string }
  | { readonly method: string; readonly path: string }
);

function nameOf(sample: Sample): string {
  return 'subject' in sample ? sample.subject : `${sample.method} ${sample.path}`;
}

/** Where the node that is tried is reached. */
interface Node {
  readonly nc: NatsConnection;
  readonly httpUrl: string;
}

interface Row {
  readonly name: string;
  readonly trigger: string;
  readonly sample: Sample;
  readonly reply: string;
  readonly coldMs: number | undefined;
  readonly warmMs: number;
}

function hairspring(...args: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'], cwd: ROOT });
}

/** Resolves with the URLs of the node's NATS and of its HTTP triggers once it is ready. */
async function untilReady(
  node: ChildProcess,
): Promise<{ readonly server: string; readonly httpUrl: string }> {
  if (node.stdout === null) throw new Error('The node has no output to read');
  let httpUrl = '';
  for await (const line of createInterface({ input: node.stdout })) {
    const { event, url, server } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (event === 'http') httpUrl = String(url);
    if (event === 'ready') {
      node.stdout.resume();
      return { server: String(server), httpUrl };
    }
  }
  throw new Error('The node ended before it was ready');
}

async function run(...args: string[]): Promise<void> {
  console.log(`\n$ hairspring ${args.join(' ')}`);
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: ROOT,
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`hairspring ${args[0]} ended with exit code ${code}`);
}

async function call(node: Node, sample: Sample): Promise<{ readonly reply: string; readonly ms: number }> {
  const startedMs = performance.now();
  const reply = 'subject' in sample ? await ask(node, sample) : await request(node, sample);
  return { reply, ms: performance.now() - startedMs };
}

async function ask(
  { nc }: Node,
  { subject, payload }: { readonly subject: string; readonly payload: string },
): Promise<string> {
  const message = await nc.request(subject, payload, { timeout: REPLY_WITHIN_MS });
  const code = message.headers?.get('Hairspring-Error') ?? '';
  return code === '' ? message.string() : `${code}: ${message.string()}`;
}

async function request(
  { httpUrl }: Node,
  { method, path, payload }: { readonly method: string; readonly path: string; readonly payload: string },
): Promise<string> {
  const signal = AbortSignal.timeout(REPLY_WITHIN_MS);
  const response = await fetch(`${httpUrl}${path}`, {
    method,
    signal,
    ...(payload === '' ? {} : { body: payload }),
  });
  return await response.text();
}

/** Calls every sample once, the function's first call cold, and the first sample until its median is known. */
async function tryFunction(node: Node, folder: string, nexfile: string): Promise<Row[]> {
  const { name, start } = parseNexfile(readFileSync(nexfile, 'utf8'), nexfile);
  const samples = JSON.parse(readFileSync(join(folder, 'samples.json'), 'utf8')) as Sample[];
  const rows: Row[] = [];
  for (const [index, sample] of samples.entries()) {
    const { reply, ms } = await call(node, sample);
    const trigger = start.triggers.find((one) => takes(one, sample))?.pattern ?? '';
    rows.push({ name, trigger, sample, reply, coldMs: index === 0 ? ms : undefined, warmMs: 0 });
  }
  const warm: Row[] = [];
  for (const row of rows) {
    const times: number[] = [];
    for (let count = 0; count < WARM_CALLS; count += 1) times.push((await call(node, row.sample)).ms);
    times.sort((a, b) => a - b);
    warm.push({ ...row, warmMs: times[times.length >> 1] ?? 0 });
  }
  return warm;
}

function takes(trigger: Trigger, sample: Sample): boolean {
  if (isHttpTrigger(trigger))
    return (
      'path' in sample &&
      routeMatches(trigger, routeSegments(sample.path)) &&
      answersMethod(trigger, sample.method)
    );
  return 'subject' in sample && subjectMatches(trigger.subject, sample.subject);
}

function inOneLine(reply: string): string {
  const line = reply.trimEnd().replaceAll('\n', ' ');
  return line.length > 44 ? `${line.slice(0, 43)}…` : line;
}

function printTable(rows: readonly Row[]): void {
  const heading = ['function', 'trigger', 'called on', 'reply', 'cold ms', 'warm p50 ms'];
  const lines = rows.map(({ name, trigger, sample, reply, coldMs, warmMs }) => [
    name,
    trigger,
    nameOf(sample),
    inOneLine(reply),
    coldMs === undefined ? '' : coldMs.toFixed(2),
    warmMs.toFixed(2),
  ]);
  console.log(`\n${renderTable([heading, ...lines])}`);
}

/** Processes that belong to this demo, by the folder that all of them are given. */
function leftovers(folder: string): number[] {
  try {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => pid !== process.pid && commandLine(pid).includes(folder));
  } catch {
    return []; // Not Linux: the exit code of the node has to do.
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function demo(): Promise<boolean> {
  if (!(await prepareNatsServer())) return false;
  const folder = mkdtempSync(join(tmpdir(), 'hairspring-demo-'));
  console.log('\n$ hairspring up');
  const node = hairspring('up', '--port', '0', '--http', '0', '--data', folder, '--json');
  const ended = new Promise<number | null>((resolve) => node.once('exit', resolve));
  try {
    const { server, httpUrl } = await untilReady(node);
    console.log(`ready at ${server} and ${httpUrl}`);
    await run('deploy', 'examples', '--server', server);
    await run('list', '--server', server);
    const nc = await connect({ servers: server });
    const rows: Row[] = [];
    for (const nexfile of await findNexfiles(join(ROOT, 'examples'))) {
      rows.push(...(await tryFunction({ nc, httpUrl }, join(nexfile, '..'), nexfile)));
    }
    await nc.close();
    printTable(rows);
    const wrong = rows.filter(({ reply, sample }) => reply !== sample.expect);
    for (const { sample, reply } of wrong)
      console.error(`\n${nameOf(sample)}: expected ${sample.expect}, got ${reply}`);
    node.kill('SIGTERM');
    const code = await ended;
    const left = leftovers(folder);
    console.log(
      `\nnode stopped with exit code ${code}; ${left.length === 0 ? 'nothing is left running' : `left running: ${left.join(', ')}`}`,
    );
    return wrong.length === 0 && code === 0 && left.length === 0;
  } finally {
    node.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = (await demo()) ? 0 : 1;
