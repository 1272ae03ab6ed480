import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { type AdoptedMessage, hairspringSubjects, INVOKE_KEY, systemClock } from '../../src/core/index.ts';
import { MAX_KEPT_BYTES, StandIn } from '../../src/host/cells/stand-in.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';
import { createSpec } from '../support/spec.ts';

let server: TestNats;
let nc: NatsConnection;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

const spec = createSpec({ name: 'kept', triggers: ['kept.{id}'] });

const cell = { id: 'c1', whileAlive: <Value>(value: Promise<Value>) => value };

function begin(
  refuse: (message: AdoptedMessage) => void = () => undefined,
  { url }: { readonly url: string } = server,
): Promise<StandIn> {
  const endpoint = { servers: [url] };
  return StandIn.begin([spec], { endpoint, cell, nodeId: 'N', clock: systemClock, refuse });
}

test('What comes for a function is kept with its trigger, and with nothing where it came by name', async () => {
  const standIn = await begin();
  nc.publish('kept.a', 'first', { reply: '_INBOX.a' });
  nc.publish(hairspringSubjects.invoke(spec.namespace, spec.name), 'second');
  await nc.flush();
  const kept = await standIn.end();
  const told = kept.map(({ data, functionId, ...rest }) => {
    assert.equal(functionId, spec.id);
    return { ...rest, text: Buffer.from(data).toString() };
  });
  assert.deepEqual(told, [
    { triggerKey: 'kept.*', subject: 'kept.a', reply: '_INBOX.a', headers: [], text: 'first' },
    {
      triggerKey: INVOKE_KEY,
      subject: hairspringSubjects.invoke(spec.namespace, spec.name),
      reply: '',
      headers: [],
      text: 'second',
    },
  ]);
  await assert.rejects(nc.request('kept.b', '', { timeout: 2_000 }), /no responders/i);
});

test('What is more than the host keeps is refused', async () => {
  const refused: AdoptedMessage[] = [];
  const standIn = await begin((message) => refused.push(message));
  const payload = new Uint8Array(1024 ** 2 - 1024);
  const count = MAX_KEPT_BYTES / 1024 ** 2 + 4;
  // By and by: a server cuts a connection for which it holds 64 MiB.
  for (let index = 0; index < count; index += 1) {
    nc.publish(`kept.${index}`, payload);
    await nc.flush();
  }
  await until('some are refused', () => refused.length > 0);
  const kept = await standIn.end();
  const keptBytes = kept.reduce((sum, { data }) => sum + data.length, 0);
  assert.ok(keptBytes <= MAX_KEPT_BYTES && keptBytes > MAX_KEPT_BYTES - 3 * 1024 ** 2, `${keptBytes}`);
  assert.equal(kept.length + refused.length, count);
});

test('What has come is given back soon although the server says nothing any more', {
  timeout: 10_000,
}, async () => {
  await using relay = await startRelay(server);
  const standIn = await begin(undefined, relay);
  nc.publish('kept.a', 'first');
  await nc.flush();
  await sleep(200);
  relay.hold();
  assert.equal((await standIn.end()).length, 1);
});
