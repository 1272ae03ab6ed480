import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connectNats, createControlClient } from '../../src/control/index.ts';
import { deployTo, handler, startTestHost } from '../support/host.ts';

const world = await startTestHost({ accounts: true });
after(() => world[Symbol.asyncDispose]());

async function enter(
  namespace: string,
): Promise<AsyncDisposable & { nc: Awaited<ReturnType<typeof connectNats>> }> {
  const nc = await connectNats(await world.host.namespaceEndpoint(namespace), { name: 'tool' });
  return { nc, [Symbol.asyncDispose]: () => nc.close() };
}

test('A function in an account answers, logs, and uses its bindings under a user of its own', async () => {
  await world.deploy({
    name: 'counter',
    code: handler(
      'const n = Number((await env.HITS.get("n"))?.text() ?? 0) + 1; await env.HITS.put("n", String(n)); return String(n);',
    ),
    bindings: { HITS: { kv: 'hits', access: 'read-write' } },
  });
  assert.equal((await world.ask('counter')).text, '1');
  assert.equal((await world.ask('counter')).text, '2');
  assert.equal((await (await new Kvm(world.nc).open('hits')).get('n'))?.string(), '2');
});
