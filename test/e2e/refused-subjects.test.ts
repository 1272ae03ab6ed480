import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hairspringSubjects } from '../../src/core/index.ts';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';

/** A server that lets nobody listen on `closed.>`, nor invoke the function "nameless". */
async function startNats(): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-refusing-'));
  const deny = `["closed.>", "${hairspringSubjects.invoke('default', 'nameless')}"]`;
  const user = `{ user: ada, password: secret, permissions: { subscribe: { deny: ${deny} } } }`;
  const file = join(folder, 'nats.conf');
  await writeFile(file, `authorization { users: [${user}] }\nno_auth_user: ada\n`);
  try {
    return await startTestNats({ extraArguments: ['-c', file] });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const code = handler('return "one";');
const REFUSED = { code: 'HS_NATS_REFUSED', hint: /[Pp]ermit .* subscribe/ };

test('A function whose subject the server refuses is not deployed, and its deployer hears which it is', async () => {
  await using nats = await startNats();
  await using world = await startTestHost({ nats });
  const refused = world.deploy({ name: 'deaf', code, triggers: ['open.a', 'closed.a'] });
  await assert.rejects(refused, { ...REFUSED, message: /deaf.*"closed\.a"/ });
  await assert.rejects(world.deploy({ name: 'nameless', code, triggers: ['open.b'] }), {
    ...REFUSED,
    message: /"\$NEX\..*\.nameless"/,
  });
  assert.deepEqual(await world.client().list(), []);
  assert.equal((await world.ask('open.a')).outcome, 'no responders');
  await until('the cells without a function are gone', () => world.host.cellPids().length === 0);
});

test('A version whose subject the server refuses changes nothing for the one that runs', async () => {
  await using nats = await startNats();
  await using world = await startTestHost({ nats });
  await world.deploy({ name: 'fine', code, triggers: ['open.a'] });
  const later = { name: 'fine', code: handler('return "two";'), triggers: ['open.a', 'closed.a'] };
  await assert.rejects(world.deploy(later), { ...REFUSED, message: /"closed\.a"/ });
  assert.equal((await world.ask('open.a')).text, 'one');
  await world.deploy({ ...later, triggers: ['open.a', 'open.b'] });
  assert.equal((await world.ask('open.b')).text, 'two');
});
