import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createUser } from '../../src/host/accounts/user.ts';
import { type ForeignNats, startForeignNats } from '../support/foreign-nats.ts';
import { type CliProcess, startCli } from './support/cli.ts';

let cluster: ForeignNats;

before(async () => {
  cluster = await startForeignNats();
});

after(() => cluster?.[Symbol.asyncDispose]());

test('logs ends with an error when its credentials have expired', async () => {
  const { key } = await cluster.addAccount('red');
  const follow = async (lifetimeS: number): Promise<CliProcess> => {
    const { creds } = createUser(key, {
      name: 'brief',
      account: key.publicKey,
      permissions: 'all',
      expiresAt: Math.floor(Date.now() / 1_000) + lifetimeS,
    });
    const file = await cluster.file('brief.creds', creds);
    const started = startCli(['logs', '--server', cluster.nats.url, '--creds', file, '--namespace', 'red']);
    const [said] = await started.waitFor(/Following all functions|^error /m);
    // On a busy machine they expire before the program has connected.
    return said.startsWith('error') && lifetimeS < 30 ? await follow(2 * lifetimeS) : started;
  };
  await using logs = await follow(4);
  await logs.waitFor(/The connection to NATS is lost/);
  const { code, stderr } = await logs.ended;
  assert.equal(code, 3, stderr);
  assert.match(stderr, /error HS_NATS_REFUSED: Cannot follow logs any longer: /);
});
