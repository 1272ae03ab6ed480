import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { WITHHOLDABLE } from '../../src/core/index.ts';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());

const BINDINGS = {
  kv: { kv: 'withheld', access: 'read-write' },
  objectstore: { objectstore: 'withheld', access: 'read' },
  messaging: { publish: ['withheld.>'] },
  http: { http: ['https://api.example.com/*'] },
  'private-http': { http: ['http://127.0.0.1:8080/*'], private: true },
  secret: { secret: 'withheld' },
} as const;

const deploy = (world: TestHost, name: string, what: keyof typeof BINDINGS): Promise<unknown> =>
  world.deploy({ name, code: handler('return "served";'), bindings: { IT: BINDINGS[what] } });

test('What an operator withholds is in no grant of any function, and everything else is', async () => {
  for (const what of WITHHOLDABLE) {
    await using world = await startTestHost({ nats, withheld: [what] });
    await assert.rejects(deploy(world, 'bound', what), {
      code: 'HS_SERVICE_WITHHELD',
      message: new RegExp(`"bound": its binding IT .*--withhold ${what}`),
    });
  }
  await using world = await startTestHost({ nats, withheld: ['private-http', 'secret'] });
  for (const what of ['kv', 'http', 'messaging'] as const) {
    await deploy(world, 'bound', what);
    assert.equal((await world.ask('bound')).text, 'served');
  }
  await world.client().undeploy('bound');
});

test('A function that is stored with what is withheld waits, and says why', async () => {
  {
    await using world = await startTestHost({ nats });
    await deploy(world, 'before', 'kv');
    await world.deploy({ name: 'plain', code: handler('return "plain";') });
  }
  {
    await using world = await startTestHost({ nats, withheld: ['kv'] });
    assert.equal((await world.ask('plain')).text, 'plain');
    assert.equal((await world.ask('before')).outcome, 'no responders');
    const [found] = await world.client().list({ filter: ['before'] });
    assert.match(String(found?.metadata['hairspring_waiting']), /--withhold kv/);
  }
  await using world = await startTestHost({ nats });
  await until('it is served again', async () => (await world.ask('before')).text === 'served');
});
