import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats, createControlClient } from '../../src/control/index.ts';
import {
  createLogger,
  type FunctionSpec,
  HairspringError,
  type LogRecord,
  type NatsEndpoint,
  silentLogger,
  systemClock,
} from '../../src/core/index.ts';
import { DelegatedAccounts, readAccountsFile } from '../../src/host/accounts/index.ts';
import { type RunningHost, startHost } from '../../src/host/index.ts';
import {
  accountsText,
  addRedAndBlue,
  type ForeignAccount,
  type ForeignNats,
  startForeignNats,
} from '../support/foreign-nats.ts';
import { deployTo, handler } from '../support/host.ts';
import { type Answer, ask, tally, until } from '../support/load.ts';
import { messagingBinding } from '../support/messaging.ts';
import { createSpec } from '../support/spec.ts';

/** Of the users that the node signs: several generations pass in a test. */
const LIFETIME_MS = 4_000;
const COUNTER = handler(
  'const n = Number((await env.HITS.get("n"))?.text() ?? 0) + 1; await env.HITS.put("n", String(n)); return String(n);',
);
const HITS = { HITS: { kv: 'hits', access: 'read-write' } };

let cluster: ForeignNats;
let red: ForeignAccount;
let blue: ForeignAccount;
const logs: LogRecord[] = [];
const opened: NatsConnection[] = [];

before(async () => {
  cluster = await startForeignNats();
  ({ red, blue } = await addRedAndBlue(cluster));
});

after(async () => {
  for (const nc of opened) await nc.close();
  await cluster?.[Symbol.asyncDispose]();
});

const RED = () => ({ account: red.key.publicKey, signingKey: 'red.seed' });
const BLUE = { creds: 'blue.creds' };

async function startNode(namespaces: Readonly<Record<string, object>>): Promise<RunningHost> {
  const file = readAccountsFile(await cluster.file('accounts.json', accountsText(namespaces)));
  return await startHost({
    nats: cluster.node,
    delegation: { file, lifetimeMs: LIFETIME_MS },
    dataDir: `${cluster.folder}/node`,
    nodeName: 'joined',
    logger: createLogger((record) => logs.push(record), 'debug'),
    spareCells: 0,
    inlineCpuMs: 1_000,
  });
}

async function enter(endpoint: NatsEndpoint, namespace: string) {
  const nc = await connectNats(endpoint, { name: 'tool' });
  opened.push(nc);
  return { nc, client: createControlClient(nc, { namespace }), namespace };
}

async function deploy(
  { nc, client, namespace }: Awaited<ReturnType<typeof enter>>,
  name: string,
  code = COUNTER,
) {
  return await deployTo(nc, client, { name, code, bindings: HITS, namespace });
}

test('Functions use buckets of their namespace on a foreign cluster, by signing key and by credentials', async () => {
  await using _node = await startNode({ red: RED(), blue: BLUE });
  for (const [account, namespace] of [
    [red, 'red'],
    [blue, 'blue'],
  ] as const) {
    const tools = await enter(account.owner, namespace);
    await deploy(tools, 'counter');
    assert.equal((await ask(tools.nc, 'counter')).text, '1');
    assert.equal((await ask(tools.nc, 'counter')).text, '2');
    assert.equal((await (await new Kvm(tools.nc).open('hits')).get('n'))?.string(), '2');
    assert.deepEqual(
      (await tools.client.list()).map((one) => `${one.namespace}/${one.name}`),
      [`${namespace}/counter`],
    );
  }
  const warnings = logs.filter(({ message }) => message.includes('the bridge alone'));
  assert.equal(warnings.length, 1);
  assert.equal(warnings[0]?.fields['namespaces'], 'blue');
});

test('Calls of a busy function go on over several lifetimes of its user', async () => {
  await using _node = await startNode({ red: RED() });
  const tools = await enter(red.owner, 'red');
  const code = handler(
    'await env.HITS.put("busy", "1"); await new Promise((r) => setTimeout(r, 50)); return (await env.HITS.get("busy")).text();',
  );
  await deploy(tools, 'busy', code);
  const answers: Answer[] = [];
  const endMs = performance.now() + 3 * LIFETIME_MS;
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs) answers.push(await ask(tools.nc, 'busy'));
  };
  await Promise.all(Array.from({ length: 8 }, caller));
  const { ok = 0, ...others } = tally(answers);
  assert.deepEqual(others, {});
  assert.ok(ok > 20, `${ok} calls`);
  assert.equal((await ask(tools.nc, 'busy')).text, '1');
});

test('A deployment to a namespace that the file does not have is refused with the remedy', async () => {
  await using _node = await startNode({ red: RED() });
  const admin = await enter(cluster.node, 'green');
  await assert.rejects(deploy(admin, 'counter'), {
    code: 'HS_NAMESPACE_UNKNOWN',
    message: /namespace "green".*accounts\.json/,
    hint: /Add it to that file.*"red"/,
  });
});

test('Functions of a namespace that is gone from the file wait with the reason, and can be undeployed; others are served', async () => {
  await using _node = await startNode({ red: RED() });
  const admin = await enter(cluster.node, 'system');
  const tools = await enter(red.owner, 'red');
  // Its cell changes over to another user every two seconds, and for a moment nobody listens.
  await until('it is served', async () => (await ask(tools.nc, 'counter')).outcome === 'ok');
  const waiting = (await admin.client.list()).find(({ namespace }) => namespace === 'blue');
  assert.match(waiting?.metadata['hairspring_waiting'] ?? '', /namespace "blue"/);
  const outsider = await enter(cluster.node, 'blue');
  await outsider.client.undeploy('counter');
  assert.deepEqual(await outsider.client.list(), []);
});

test('After undeploy nobody of the function is connected any more', async () => {
  await using _node = await startNode({ red: RED() });
  const tools = await enter(red.owner, 'red');
  const { id } = await deploy(tools, 'leaving');
  const connected = async (): Promise<boolean> => {
    const reply = await tools.nc.request('$SYS.REQ.ACCOUNT.PING.CONNZ', '', { timeout: 5_000 });
    return reply.string().includes(`hairspring function ${id}`);
  };
  // While its cell changes over nobody may hear it, and with its user its connection changes, too.
  await until('it is connected', async () => {
    await ask(tools.nc, 'leaving');
    return await connected();
  });
  await tools.client.undeploy('leaving');
  await until('its connection is gone', async () => !(await connected()));
});

test('What was stolen of a function that is undeployed works until it expires, and no longer', async () => {
  const file = readAccountsFile(await cluster.file('accounts.json', accountsText({ red: RED() })));
  const options = { file, endpoint: cluster.node, clock: systemClock, logger: silentLogger };
  await using accounts = new DelegatedAccounts({ ...options, lifetimeMs: LIFETIME_MS });
  const access = await accounts.open('red');
  const spec: FunctionSpec = {
    ...createSpec(),
    namespace: 'red',
    bindings: { B: messagingBinding({ publish: ['a.>'] }) },
  };
  const stolen = access.forCell('c9').credentialFor(spec, 'version');
  assert.ok(stolen !== undefined);
  const { creds, expiresAtMs } = stolen;
  const connect = (): Promise<NatsConnection> =>
    connectNats({ servers: cluster.node.servers, creds }, { name: 'thief', reconnect: false });
  access.withdraw(spec.id);
  const thief = await connect();
  await thief.closed();
  assert.ok(
    Math.abs(Date.now() - expiresAtMs) < 5_000,
    `${Date.now() - expiresAtMs} ms after it has expired`,
  );
  // The server counts in whole seconds: who is cut at the end of one may be let in during the rest of it.
  await until('it is refused', async () => {
    try {
      await (await connect()).close();
      return false;
    } catch (error) {
      return HairspringError.from(error).code === 'HS_NATS_REFUSED';
    }
  });
});

test('Nothing of keys or credentials is in the log', () => {
  const text = JSON.stringify(logs);
  assert.ok(logs.length > 5);
  for (const secret of [red.signer.seed, seedIn(blue.owner.creds), seedIn(cluster.node.creds)])
    assert.ok(!text.includes(secret));
  assert.doesNotMatch(text, /\bS[AU][A-Z2-7]{50,}|eyJ0eXAi/);
});

function seedIn(creds: string): string {
  const [seed] = /\bSU[A-Z2-7]{56}\b/.exec(creds) ?? [];
  assert.ok(seed !== undefined);
  return seed;
}
