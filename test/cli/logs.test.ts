import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createUser } from '../../src/host/accounts/user.ts';
import { type ForeignNats, startForeignNats } from '../support/foreign-nats.ts';
import { startCli } from './support/cli.ts';

let cluster: ForeignNats;

before(async () => {
  cluster = await startForeignNats();
});

after(() => cluster?.[Symbol.asyncDispose]());

test('logs ends with an error when its credentials have expired', async () => {
  const { key } = await cluster.addAccount('red');
  const { creds } = createUser(key, {
    name: 'brief',
    account: key.publicKey,
    permissions: 'all',
    expiresAt: Math.floor(Date.now() / 1_000) + 4,
  });
  const file = await cluster.file('brief.creds', creds);
  await using logs = startCli(['logs', '--server', cluster.nats.url, '--creds', file, '--namespace', 'red']);
  await logs.waitFor(/Following all functions/);
  await logs.waitFor(/The connection to NATS is lost/);
  const { code, stderr } = await logs.ended;
  assert.equal(code, 3, stderr);
  assert.match(stderr, /error HS_NATS_REFUSED: Cannot follow logs any longer: /);
});
