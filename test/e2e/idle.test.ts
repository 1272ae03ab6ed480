import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { createControlClient, putArtifact } from '../../src/control/index.ts';
import { wrapScript } from '../../src/host/bundle/index.ts';
import { artifactUri } from '../../src/host/index.ts';
import { handler } from '../support/host.ts';
import { type HostProcess, startHostProcess } from '../support/host-process.ts';
import { ask, until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const FUNCTIONS = 1_000;
/** The others are stored as these are: a deployment costs ten times what it takes to store one. */
const DEPLOYED = 128;
const AT_ONCE = 32;
/** Twice the product's own bars (40 MB, 3 s), which the bench asserts on a quiet machine. */
const MAX_GROWTH_MB = 80;
const MAX_START_MS = 6_000;

function rssMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kb ?? 0) / 1_024;
}

/** RSS of the host and all its cells, once the spare is there and it no longer moves. */
async function settledRssMb(host: HostProcess, cells: number): Promise<number> {
  let last = 0;
  return await until(
    'memory has settled',
    async () => {
      const pids = await host.cellPids();
      const now = [host.pid, ...pids].map(rssMb).reduce((sum, one) => sum + one, 0);
      const settled = pids.length === cells && Math.abs(now - last) < 0.5;
      last = now;
      return settled && now;
    },
    { everyMs: 250, withinMs: 20_000 },
  );
}

test(`${FUNCTIONS} idle functions cost little memory, and a host starts with them quickly`, async (context) => {
  await using nats = await startTestNats();
  await using stack = new AsyncDisposableStack();
  const nc = await connectTo(nats);
  stack.defer(() => nc.close());
  const client = createControlClient(nc, { namespace: 'default', timeoutMs: 20_000 });
  const bundle = await wrapScript(handler('return msg.subject;'));
  await putArtifact(nc, bundle.digest, bundle.bytes);
  const deploy = (index: number): Promise<unknown> =>
    client.deploy({
      name: `idle-${index}`,
      description: '',
      workload_type: 'javascript',
      workload_lifecycle: 'function',
      tags: {},
      run_request: JSON.stringify({
        uri: artifactUri(bundle.digest),
        triggers: [{ subject: `idle.${index}` }],
      }),
    });

  const first = await startHostProcess(nats.url);
  stack.use(first);
  await deploy(0);
  const fewMb = await settledRssMb(first, 2);
  const deployStartedMs = performance.now();
  let next = 1;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < DEPLOYED) await deploy(next++);
    }),
  );
  const deployMs = performance.now() - deployStartedMs;
  first.signal('SIGTERM');
  await first.exited;
  const stored = await new Kvm(nc).open('hairspring-functions');
  const template = (await stored.get('default.idle-0'))?.string() ?? '';
  const { id } = JSON.parse(template);
  const store = (index: number): Promise<unknown> => {
    const own = template.replaceAll(id, `${id}${index}`).replaceAll(/\bidle([-.])0\b/g, `idle$1${index}`);
    return stored.create(`default.idle-${index}`, own);
  };
  await Promise.all(Array.from({ length: FUNCTIONS - DEPLOYED }, (_, index) => store(DEPLOYED + index)));

  await using second = await startHostProcess(nats.url, { dataDir: first.dataDir });
  const manyMb = await settledRssMb(second, 2);
  const growthMb = manyMb - fewMb;
  const subject = `idle.${FUNCTIONS - 1}`;
  assert.equal((await ask(nc, subject)).text, subject);
  const listed = await client.list();
  assert.equal(listed.length, FUNCTIONS);
  assert.equal(listed.filter(({ workload_state }) => workload_state === 'warm').length, 1);
  context.diagnostic(
    `RSS ${fewMb.toFixed(1)} MB with 1 function, ${manyMb.toFixed(1)} MB with ${FUNCTIONS}: ${growthMb.toFixed(1)} MB more; ` +
      `start ${second.startedInMs.toFixed(0)} ms; ${DEPLOYED - 1} deploys in ${deployMs.toFixed(0)} ms`,
  );
  assert.ok(growthMb <= MAX_GROWTH_MB, `${growthMb} MB more`);
  assert.ok(second.startedInMs < MAX_START_MS, `started in ${second.startedInMs} ms`);
});
