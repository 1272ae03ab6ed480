import { setTimeout as sleep } from 'node:timers/promises';
import { createControlClient } from '../../src/control/index.ts';
import { makeMetric, makeRow, type Row } from '../../src/measure/index.ts';
import type { BenchRun, Site } from '../bench-run.ts';
import { NAMESPACE } from '../deploy.ts';
import { pidsOf, sampleMemory } from './density-rows.ts';

/** So that memory, and not their number, is what limits the warm instances. */
const WARM_INSTANCES = 100_000;
/** More than an instance takes: what each costs is seen before any is evicted, because memory is not given back at once. */
const ROOMY_BYTES = 4 * 1024 ** 2;
/** A cell measures and evicts once a second. */
const LOOK_MS = 1_500;
const MAX_LOOKS = 10;

/** Calls more functions than fit and sees how many stay warm within the memory budget, and what each of them costs. */
export async function measureWarmInstances(
  site: Site,
  { plan, progress }: BenchRun,
  subjects: readonly string[],
): Promise<Row> {
  const { warmMemoryBytes, settleMs } = plan;
  await using host = await site.startHost({ warmInstances: WARM_INSTANCES, warmMemoryBytes });
  await using generator = await site.startGenerator(plan.payloadBytes);
  const called = subjects.slice(0, plan.warmFunctions);
  const some = Math.min(called.length, Math.floor(warmMemoryBytes / ROOMY_BYTES));
  const before = await sampleMemory(host, settleMs);
  const pids = await pidsOf(host);
  await generator.call('sequence', { subjects: called.slice(0, some), pauseMs: 1 });
  const withSome = await sampleMemory(host, settleMs);
  await generator.call('sequence', { subjects: called.slice(some), pauseMs: 1 });
  const warm = await countWarm(site, called.length);
  const after = await sampleMemory(host, settleMs);
  const isSameCell = (await pidsOf(host)).join() === pids.join();
  const megabytes = Math.round(warmMemoryBytes / 1024 ** 2);
  const eachBytes = (withSome.rssBytes - before.rssBytes) / Math.max(1, some);
  progress(`${warm} of ${called.length} instances stay warm within ${megabytes} MiB`);
  return makeRow({
    group: 'density',
    subject: 'warm-instances',
    title: `instances of the echo function that stay warm within ${megabytes} MiB, as the host counts it`,
    params: { functions: called.length, budgetBytes: warmMemoryBytes },
    n: called.length,
    metrics: [
      makeMetric('warmInstances', 'count', 'higher', [warm]),
      makeMetric('rssBytes', 'bytes', 'lower', [after.rssBytes]),
      makeMetric('bytesPerInstance', 'bytes', 'lower', [eachBytes]),
    ],
    notes: [
      ...(warm < called.length ? [] : ['All that were called stay warm: the budget was not reached']),
      ...(isSameCell ? [] : ['A cell was ended meanwhile: these figures are of its successor']),
    ],
  });
}

/** Once the cell evicts no more. */
async function countWarm(site: Site, called: number): Promise<number> {
  const client = createControlClient(site.nc, { namespace: NAMESPACE });
  let before = called;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    await sleep(LOOK_MS);
    const warm = (await client.list()).filter(({ workload_state }) => workload_state === 'warm').length;
    if (warm === before && warm < called) return warm;
    before = warm;
  }
  return before;
}
