import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accountsText, type ForeignNats, startForeignNats } from '../support/foreign-nats.ts';
import { EXAMPLES, runCli, startCli } from './support/cli.ts';

let cluster: ForeignNats;
let accounts = '';
let admin: readonly string[] = [];
let owner: readonly string[] = [];

before(async () => {
  cluster = await startForeignNats();
  const { key, signer, scoped, owner: own } = await cluster.addAccount('red');
  await cluster.file('red.seed', signer.seed);
  await cluster.file('scoped.seed', scoped.seed);
  const red = { account: key.publicKey, signingKey: 'red.seed' };
  accounts = await cluster.file('accounts.json', accountsText({ red }));
  await cluster.file('scoped.json', accountsText({ red: { ...red, signingKey: 'scoped.seed' } }));
  const server = ['--server', cluster.nats.url, '--creds'];
  admin = [...server, await cluster.file('node.creds', cluster.node.creds)];
  owner = [...server, await cluster.file('owner.creds', own.creds), '--namespace', 'red'];
});

after(() => cluster?.[Symbol.asyncDispose]());

test('up --accounts joins a foreign cluster, whose owners deploy and call in their own account; doctor says so', async () => {
  const env = { HAIRSPRING_ACCOUNTS: accounts, HAIRSPRING_DATA: join(cluster.folder, 'data') };
  await using up = startCli(['up', ...admin], { env });
  await up.waitFor(/^ready in /m);
  const deployed = await runCli(['deploy', join(EXAMPLES, 'hello'), ...owner]);
  assert.equal(deployed.code, 0, deployed.stderr);
  const invoked = await runCli(['invoke', 'hello', '--subject', 'greet.en.bob', ...owner]);
  assert.match(invoked.stdout, /bob/, invoked.stderr);
  const elsewhere = await runCli(['deploy', join(EXAMPLES, 'hello'), ...admin, '--namespace', 'green']);
  assert.match(elsewhere.stderr, /HS_NAMESPACE_UNKNOWN.*namespace "green"/s);
  const doctor = await runCli(['doctor', ...admin], { env });
  assert.equal(doctor.code, 0, doctor.stdout);
  assert.match(doctor.stdout, /accounts +account A\w+: the nodes enter the accounts of their accounts file/);
  assert.match(doctor.stdout, /✓ +accounts file +red by signing key/);
});

test('dev --accounts follows a folder in the account of a namespace', async () => {
  const data = join(cluster.folder, 'dev');
  const args = ['dev', join(EXAMPLES, 'hello'), '--accounts', accounts, '--data', data, ...admin];
  await using dev = startCli([...args, '--namespace', 'red']);
  await dev.waitFor(/^ready in /m);
  const invoked = await runCli(['invoke', 'hello', '--subject', 'greet.en.eve', ...owner]);
  assert.match(invoked.stdout, /eve/, invoked.stderr);
  await dev.waitFor(/greet\.en\.eve/);
});

test('doctor tries the accounts file before a node has it', async () => {
  const file = join(cluster.folder, 'scoped.json');
  const { code, stdout } = await runCli(['doctor', '--accounts', file, ...admin]);
  assert.equal(code, 5);
  assert.match(stdout, /✖ +accounts file +.*is a scoped one/);
  assert.match(stdout, /nsc edit account NAME --sk generate/);
});

test('What is wrong with the file ends up with its place and remedy', async () => {
  const file = await cluster.file('broken.json', '{ "namespaces": {\n  "red": { "creds": "none.creds" } } }');
  const { code, stderr } = await runCli(['up', '--accounts', file, ...admin]);
  assert.equal(code, 2);
  assert.match(stderr, /HS_ACCOUNTS_INVALID/);
  assert.match(stderr, /none\.creds": there is no such file/);
  assert.match(stderr, /broken\.json:2/);
});

test('--accounts is refused with a server of our own', async () => {
  const { code, stderr } = await runCli(['up', '--accounts', accounts, '--port', '0']);
  assert.equal(code, 2);
  assert.match(stderr, /Cannot use --accounts .* with a nats-server that the node starts itself/);
});
