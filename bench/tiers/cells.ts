import { connectPlain, type Row, rssBytes, sumOver } from '../../src/measure/index.ts';
import { type BenchRun, type HostChild, openSite, type Site } from '../bench-run.ts';
import { seedNamespaces } from '../seed-namespaces.ts';
import { CELL_LOADS, type CellLoad, type CellsStart, type CellsWindow, cellsRows } from './cells-rows.ts';
import { pidsOf, sampleMemory } from './density-rows.ts';

/** The same in every namespace: each is an account of its own. */
const SUBJECT = 'bench.echo';
/** What the load generator has in flight is not queued. */
const ECHO = { name: 'echo', subject: SUBJECT, limits: { concurrency: 256 } };
const FIRST_REPLY_MS = 10_000;
const WARM_UP_LOAD: CellLoad = 64;

const namespaceOf = (index: number): string => `tenant-${index}`;

/** What namespaces cost: a host is started with more and more of them, each with an echo function in a cell of its own. */
export async function measureCells(run: BenchRun): Promise<readonly Row[]> {
  const { plan, progress } = run;
  await using site = await openSite();
  const rows: Row[] = [];
  let known = 0;
  for (const count of plan.cellCounts) {
    const added = Array.from({ length: count - known }, (_, index) => namespaceOf(known + index));
    await seedNamespaces(site, 'echo.js', ECHO, added);
    known = count;
    const creds = Array.from({ length: count }, (_, index) => site.credsOf(namespaceOf(index)));
    rows.push(...(await measureCount(site, run, creds)));
    progress(`measured with ${count} cells`);
  }
  return rows;
}

/** A host that finds a function in each of some namespaces. */
async function measureCount(
  site: Site,
  { plan, progress }: BenchRun,
  creds: readonly string[],
): Promise<readonly Row[]> {
  await using host = await site.startHost({});
  const upMs = host.startMs + (await askEach(site, creds));
  progress(`started with ${creds.length} cells`);
  const start: CellsStart = { upMs, ...(await sampleCells(host, creds.length, plan.settleMs)) };
  await using generator = await site.startGenerator(plan.payloadBytes);
  const { payloadBytes, warmupMs } = plan;
  const load = async (of: readonly string[], inFlight: CellLoad, windowMs: number): Promise<CellsWindow> => {
    const pids = { server: [site.nats.pid], responder: await pidsOf(host) };
    const params = { subject: SUBJECT, creds: of, inFlight, payloadBytes, warmupMs, windowMs, pids };
    return { inFlight, ...(await generator.call('load', params)) };
  };
  // Each compiles for itself, and of the requests to all a sixteenth is too few for that.
  for (const one of creds) await load([one], WARM_UP_LOAD, 0);
  const windows: CellsWindow[] = [];
  for (let round = 1; round <= plan.cellRounds; round += 1)
    for (const inFlight of round % 2 === 1 ? CELL_LOADS : CELL_LOADS.toReversed())
      windows.push(await load(creds, inFlight, plan.cellWindowMs));
  return cellsRows(creds.length, start, windows);
}

/** Has each namespace answer once. @returns how long the replies took; connecting does not count */
async function askEach({ nats }: Site, creds: readonly string[]): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const connections = await Promise.all(
    creds.map(async (one) => {
      const nc = await connectPlain([nats.url], one);
      stack.defer(() => nc.close());
      return nc;
    }),
  );
  const startedAt = performance.now();
  await Promise.all(connections.map((nc) => nc.request(SUBJECT, 'x', { timeout: FIRST_REPLY_MS })));
  return performance.now() - startedAt;
}

async function sampleCells(host: HostChild, count: number, settleMs: number) {
  const { processes, rssBytes: all } = await sampleMemory(host, settleMs);
  // The host names cells that serve before spares.
  const serving = (await host.call('cellPids', null)).slice(0, count);
  return {
    processes,
    rssBytes: all,
    hostRssBytes: rssBytes(host.pid) ?? Number.NaN,
    cellRssBytes: (sumOver(serving, rssBytes) ?? Number.NaN) / count,
  };
}
