import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  artifactRevision,
  connectNats,
  digestOf,
  getArtifact,
  listArtifacts,
  putArtifact,
  removeArtifact,
} from '../../src/control/index.ts';
import {
  createLogger,
  HairspringError,
  type LogRecord,
  type NatsEndpoint,
  systemClock,
} from '../../src/core/index.ts';
import { DelegatedAccounts, readAccountsFile } from '../../src/host/accounts/index.ts';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';
import { provisionBinding } from '../../src/hostservices/provision.ts';
import {
  accountsText,
  addRedAndBlue,
  type ForeignAccount,
  type ForeignNats,
  startForeignNats,
} from '../support/foreign-nats.ts';
import { until } from '../support/load.ts';
import { createSpec } from '../support/spec.ts';
import { assertDeaf } from './support/assert-deaf.ts';

let cluster: ForeignNats;
let red: ForeignAccount;
let blue: ForeignAccount;
let accounts: DelegatedAccounts;
const logs: LogRecord[] = [];
const opened: NatsConnection[] = [];

before(async () => {
  cluster = await startForeignNats();
  ({ red, blue } = await addRedAndBlue(cluster));
  accounts = await accountsOf({
    red: { account: red.key.publicKey, signingKey: 'red.seed' },
    blue: { creds: 'blue.creds' },
  });
});

after(async () => {
  for (const nc of opened) await nc.close();
  await accounts?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function accountsOf(
  namespaces: Readonly<Record<string, object>>,
  lifetimeMs?: number,
): Promise<DelegatedAccounts> {
  return new DelegatedAccounts({
    file: readAccountsFile(await cluster.file('accounts.json', accountsText(namespaces))),
    endpoint: cluster.node,
    clock: systemClock,
    logger: createLogger((record) => logs.push(record), 'debug'),
    lifetimeMs,
  });
}

async function connect(endpoint: NatsEndpoint): Promise<NatsConnection> {
  const nc = await connectNats(endpoint, { name: 'attacker', reconnect: false });
  opened.push(nc);
  return nc;
}

const READ_MINE = {
  CACHE: { service: 'kv', bucket: 'mine', access: 'read', keys: '>', existing: false },
} as const;

async function assertRefused(nc: NatsConnection, subject: string): Promise<void> {
  const heard: string[] = [];
  void (async () => {
    for await (const event of nc.status()) if (event.type === 'error') heard.push(event.error.message);
  })();
  nc.publish(subject, '');
  await nc.flush();
  await until('it is refused', () => heard.some((text) => /Permissions Violation/i.test(text)));
}

/** The claims of the user in a credentials file. */
function claimsOf({ creds = '' }: { readonly creds?: string | undefined }): { exp?: number; iat: number } {
  const [, payload = ''] = /(eyJ[\w.-]+)/.exec(creds)?.[1]?.split('.') ?? [];
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

test('The user of a function does what its bindings say, and nothing beyond', async () => {
  const access = await accounts.open('red');
  await provisionBinding(access.nc, 'CACHE', READ_MINE.CACHE);
  const owner = await connect(red.owner);
  await (await new Kvm(owner).open('mine')).put('k', 'kept');
  const spec = { ...createSpec({}), namespace: 'red', bindings: READ_MINE };
  const { creds = '', inboxPrefix = '' } = access.forCell('c0').credentialFor(spec, 'version') ?? {};
  const nc = await connect({ servers: [cluster.nats.url], creds, inboxPrefix });
  const kv = await new Kvm(jetstream(nc, { checkAPI: false })).open('mine', { allow_direct: true });
  assert.equal((await kv.get('k'))?.string(), 'kept');
  for (const subject of ['$KV.mine.k', '$JS.API.STREAM.DELETE.KV_mine', '$SYS.REQ.USER.INFO', 'greet.ada'])
    await assertRefused(nc, subject);
  for (const subject of ['>', '_INBOX.>', '$KV.>', 'greet.>']) await assertDeaf(nc, subject);
});

test('The user of a cell hears messages and has nothing of JetStream or of inboxes', async () => {
  const access = await accounts.open('red');
  const nc = await connect(await access.forCell('c1').connectAs());
  nc.subscribe('greet.*', { callback: (_error, message) => void message.respond('hello') });
  await nc.flush();
  const owner = await connect(red.owner);
  assert.equal((await owner.request('greet.ada', '')).string(), 'hello');
  await assertRefused(nc, '$KV.mine.k');
  for (const subject of ['_INBOX.>', '$KV.>']) await assertDeaf(nc, subject);
});

test('What is given out is good for an hour by itself, and is renewed at half of that', async () => {
  const access = await accounts.open('red');
  assert.equal(access.renewMs, 1_800_000);
  const { exp = 0, iat } = claimsOf(await access.forCell('c2').connectAs());
  assert.ok(Math.abs(exp - iat - 3_600) <= 1, `${exp - iat} s`);
});

test('A user whose time is over is cut off and does not come back', async () => {
  await using brief = await accountsOf(
    { red: { account: red.key.publicKey, signingKey: 'red.seed' } },
    2_000,
  );
  const endpoint = await (await brief.open('red')).forCell('c3').connectAs();
  const nc = await connect(endpoint);
  await nc.closed();
  // The server counts in seconds, and lets the last one pass.
  await until('it is refused', () =>
    connect(endpoint).then(
      () => false,
      (error: unknown) => HairspringError.is(error) && error.code === 'HS_NATS_REFUSED',
    ),
  );
});

test('The node takes and removes artifacts and answers callers in the account, hears no messages there and writes to no bucket', async () => {
  const { nc } = await accounts.open('red');
  const owner = await connect(red.owner);
  const bytes = Buffer.from('an artifact');
  await putArtifact(owner, digestOf(bytes), bytes);
  assert.deepEqual(Buffer.from(await getArtifact(nc, digestOf(bytes))), bytes);
  const [digest = ''] = await listArtifacts(nc);
  assert.equal(digest, digestOf(bytes));
  await removeArtifact(nc, digest, (await artifactRevision(nc, digest)) ?? 0);
  const { state } = await (await jetstreamManager(owner)).streams.info('OBJ_hairspring-artifacts');
  assert.equal(state.messages, 0);
  const heard: string[] = [];
  owner.subscribe('waiting.here', { callback: (_error, { subject }) => void heard.push(subject) });
  await owner.flush();
  nc.publish('waiting.here', 'lost');
  await until('it is heard', () => heard.length > 0);
  for (const subject of ['$KV.mine.k', '$JS.API.STREAM.DELETE.KV_mine', '$SYS.REQ.USER.INFO'])
    await assertRefused(nc, subject);
  for (const subject of ['>', '_INBOX.>', '$KV.>']) await assertDeaf(nc, subject);
});

test('With credentials, cells and functions have those and no others', async () => {
  const access = await accounts.open('blue');
  assert.equal(access.renewMs, undefined);
  const cell = access.forCell('c1');
  assert.equal((await cell.connectAs()).creds, blue.owner.creds);
  assert.equal(cell.credentialFor({ ...createSpec({}), bindings: READ_MINE }, 'version'), undefined);
  await provisionBinding(access.nc, 'CACHE', READ_MINE.CACHE);
  const streams = await (await jetstreamManager(await connect(blue.owner))).streams.names().next();
  assert.deepEqual(streams, ['KV_mine']);
});

test("The account's own key signs as one of its signing keys does", async () => {
  await cluster.file('own.seed', `${red.key.seed}\n`);
  await using own = await accountsOf({ red: { account: red.key.publicKey, signingKey: 'own.seed' } });
  const access = await own.open('red');
  await connect(await access.forCell('c4').connectAs());
});

test('No credentials leave the node through the control plane', async () => {
  for (const namespace of ['red', 'blue'])
    assert.equal((await accounts.open(namespace)).createToolCredentials(), null);
});

test('A namespace that is not in the file is refused, and so is a second time', async () => {
  for (let attempt = 0; attempt < 2; attempt += 1)
    await assert.rejects(accounts.open('green'), {
      code: 'HS_NAMESPACE_UNKNOWN',
      message: /Cannot open namespace "green": ".*accounts\.json" has no account for it/,
      hint: /"red", "blue"/,
    });
});

test('A seed of another account is refused with the key and the account by name', async () => {
  await cluster.file('stray.seed', createSigningKey('account').seed);
  await using stray = await accountsOf({ red: { account: red.key.publicKey, signingKey: 'stray.seed' } });
  await assert.rejects(stray.open('red'), {
    code: 'HS_NATS_REFUSED',
    message: new RegExp(`refused a user of account ${red.key.publicKey} that is signed with A.*stray\\.seed`),
    hint: /nsc describe account/,
  });
});

test('A scoped signing key is recognized, and the remedy is another kind of key', async () => {
  await cluster.file('scoped.seed', red.scoped.seed);
  await using scoped = await accountsOf({ red: { account: red.key.publicKey, signingKey: 'scoped.seed' } });
  await assert.rejects(scoped.open('red'), {
    code: 'HS_NATS_REFUSED',
    message: /scoped\.seed" is a scoped one of account/,
    hint: /nsc edit account NAME --sk generate/,
  });
});

test('Credentials that the server refuses are named by their file; the node comes back when that is mended', async () => {
  const gone = await cluster.addAccount('gone');
  await cluster.file('gone.creds', gone.owner.creds);
  await using revoked = await accountsOf({ gone: { creds: 'gone.creds' } });
  const access = await revoked.open('gone');
  await cluster.revokeUsers('gone', gone);
  await access.nc.closed();
  await assert.rejects(revoked.open('gone'), {
    code: 'HS_NATS_REFUSED',
    message: /refused the credentials in ".*gone\.creds"/,
    hint: /expired or be revoked/,
  });
  await cluster.readmitUsers('gone', gone);
  await until('the node is let in again', () => !access.nc.isClosed());
  await access.nc.flush();
  assert.equal(await revoked.open('gone'), access);
});

test('A namespace may not be in the account of the node', async () => {
  await cluster.file('node.creds', cluster.node.creds);
  await assert.rejects(accountsOf({ red: { creds: 'node.creds' } }), {
    code: 'HS_ACCOUNTS_INVALID',
    message: /namespace "red" is in the account of the node itself/,
  });
});

test('Nothing of keys or credentials is in the log', () => {
  assert.ok(logs.length > 0);
  assert.doesNotMatch(JSON.stringify(logs), /\bS[AU][A-Z2-7]{50,}|eyJ0eXAi/);
});
