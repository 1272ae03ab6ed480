/**
 * One commit with all that it takes to answer: a nats-server, a host with its cells, functions. `compare --base` runs
 * this file of either commit and asks both in turns, with the load generator of the working tree.
 */

import { Kvm } from '@nats-io/kv';
import { childOptions, serveParent } from '../../src/measure/index.ts';
import { openSite, type Site } from '../bench-run.ts';
import { deployCopies, deployModule } from '../deploy.ts';
import { SCRIPT_SIZES } from '../plan.ts';
import { buildModule } from '../wasm-module.ts';
import { ARENA_PROTOCOL, type ArenaCommands, type ArenaOptions } from './arena-protocol.ts';
import type { Measure } from './options.ts';

const BUCKET = 'bench';
/** So that the limit on concurrency does not queue what the load generator has in flight. */
const LIMITS = { concurrency: 256 };

const subjectOf = (measure: Measure): string => `bench.${measure}`;

async function deployMeasure(site: Site, measure: Measure, options: ArenaOptions): Promise<void> {
  const { nc } = site;
  const subject = subjectOf(measure);
  const own = [{ name: measure, subject, limits: LIMITS }];
  if (measure === 'echo') return await deployCopies(nc, 'echo.js', own);
  if (measure === 'host-call') return await deployCopies(nc, 'timer.js', own);
  if (measure === 'wasm-command') return await deployModule(nc, await buildModule('echo-command'), own);
  if (measure === 'kv-get') {
    const bindings = { KV: { kv: BUCKET, access: 'read', keys: 'granted.>' } };
    await deployCopies(nc, 'kv-get.js', [{ name: measure, subject, bindings, limits: LIMITS }]);
    // The deployment has made the bucket.
    const kv = await new Kvm(nc).open(BUCKET);
    await kv.put('granted.value', new Uint8Array(options.payloadBytes).fill(0x78));
    return;
  }
  const { entry, chars } = SCRIPT_SIZES.small;
  const functions = coldSubjects(options).map((cold, index) => ({ name: `cold-${index}`, subject: cold }));
  await deployCopies(nc, entry, functions, { distinct: true, padTo: chars, atOnce: 4 });
}

function coldSubjects({ measures, coldFunctions }: ArenaOptions): readonly string[] {
  if (!measures.includes('cold')) return [];
  return Array.from({ length: coldFunctions }, (_, index) => `${subjectOf('cold')}.${index}`);
}

const options = childOptions<ArenaOptions>();
await using stack = new AsyncDisposableStack();
const site = stack.use(await openSite());
{
  await using _host = await site.startHost({});
  for (const measure of options.measures) await deployMeasure(site, measure, options);
}
// Started anew, so that all functions are idle; all stay warm then, and no eviction falls into a window.
const host = stack.use(
  await site.startHost({ warmInstances: options.coldFunctions + options.measures.length }),
);
const owned = stack.move();
serveParent<ArenaCommands>(
  {
    describe: async () => ({
      protocol: ARENA_PROTOCOL,
      url: site.nats.url,
      serverPid: site.nats.pid,
      subjects: Object.fromEntries(options.measures.map((measure) => [measure, subjectOf(measure)])),
      coldSubjects: coldSubjects(options),
    }),
    pids: async () => [host.pid, ...(await host.call('cellPids', null))],
  },
  () => owned.disposeAsync(),
);
