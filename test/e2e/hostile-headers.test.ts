/** What one publisher puts into its headers concerns nobody but the function it calls. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MAX_HEADER_BYTES } from '../../src/core/index.ts';
import { handler, startTestHost } from '../support/host.ts';
import { manyNames, rawHeaders } from '../support/raw-headers.ts';

const HEARD_WITHIN_MS = 3_000;

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
await world.deploy({ name: 'target', code: handler('return [...msg.headers].join();') });
await world.deploy({ name: 'neighbour', code: handler('return "here";') });

const ROUTES = { trigger: 'target', invocation: '$NEX.SVC.default.control.HS.INVOKE.target' } as const;

for (const [route, subject] of Object.entries(ROUTES)) {
  test(`A malformed header by ${route} leaves the cell and its neighbours in service`, async () => {
    const pids = world.host.cellPids();
    const headers = rawHeaders('Good: 1', 'bad key: v', 'Hairspring-Subject: target');
    const hit = await world.ask(subject, '', { headers, timeoutMs: HEARD_WITHIN_MS });
    assert.equal(hit.outcome, 'ok');
    assert.match(hit.text, /^good,1/i);
    const next = await world.ask('neighbour', '', { timeoutMs: HEARD_WITHIN_MS });
    assert.equal(next.outcome, 'ok');
    assert.deepEqual(world.host.cellPids(), pids);
  });

  test(`A header block that is too large is refused by ${route}, and holds nobody up`, async () => {
    const headers = rawHeaders(...manyNames(2 * MAX_HEADER_BYTES));
    const refused = world.ask(subject, '', { headers });
    const next = await world.ask('neighbour', '', { timeoutMs: HEARD_WITHIN_MS });
    assert.equal(next.outcome, 'ok');
    assert.equal((await refused).outcome, 'HS_PAYLOAD_TOO_LARGE');
  });
}

test('An entry of a bucket with a malformed header leaves the cell of its readers in service', async () => {
  await world.deploy({
    name: 'reader',
    code: handler('await env.B.get("entry"); return (await env.B.keys()).join();'),
    bindings: { B: { kv: 'entries', access: 'read-write' } },
  });
  assert.equal((await world.ask('reader')).outcome, 'ok');
  const headers = rawHeaders('bad key: v', 'half: a\nb');
  await world.nc.request('$KV.entries.entry', '', { headers, timeout: HEARD_WITHIN_MS });
  const read = await world.ask('reader', '', { timeoutMs: HEARD_WITHIN_MS });
  assert.deepEqual([read.outcome, read.text], ['ok', 'entry']);
  assert.equal((await world.ask('neighbour', '', { timeoutMs: HEARD_WITHIN_MS })).outcome, 'ok');
});
