/** A cell's connection that is given up for one with other credentials, while callers go on calling. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import { connectNats, createControlClient } from '../../src/control/index.ts';
import { hairspringSubjects, REQUEST_HEADERS, silentLogger } from '../../src/core/index.ts';
import { readAccountsFile } from '../../src/host/accounts/index.ts';
import { type RunningHost, startHost } from '../../src/host/index.ts';
import { accountsText, addRedAndBlue, type ForeignNats, startForeignNats } from '../support/foreign-nats.ts';
import { deployTo, handler, type TestTrigger } from '../support/host.ts';
import { type Answer, ask, tally, until } from '../support/load.ts';

/** Credentials are renewed at half of it. */
const LIFETIME_MS = 4_000;
const CHANGES = 3;
const ROOM = { concurrency: 1_000, queue: 10_000 };

let cluster: ForeignNats;
let node: RunningHost;
let nc: NatsConnection;

before(async () => {
  cluster = await startForeignNats();
  const { red } = await addRedAndBlue(cluster);
  const accounts = { red: { account: red.key.publicKey, signingKey: 'red.seed' } };
  const file = readAccountsFile(await cluster.file('accounts.json', accountsText(accounts)));
  node = await startHost({
    nats: cluster.node,
    delegation: { file, lifetimeMs: LIFETIME_MS },
    dataDir: `${cluster.folder}/node`,
    nodeName: 'changing',
    logger: silentLogger,
    spareCells: 1,
    inlineCpuMs: 1_000,
  });
  nc = await connectNats(red.owner, { name: 'callers' });
});

after(async () => {
  await nc?.close();
  await node?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function deploy(name: string, triggers: readonly TestTrigger[]): Promise<void> {
  const client = createControlClient(nc, { namespace: 'red' });
  const code = handler('return msg.text();');
  await deployTo(nc, client, { name, code, triggers, limits: ROOM, namespace: 'red' });
}

/** How long it takes until the connection has changed a few times. */
const CHANGED_MS = (LIFETIME_MS / 2) * (CHANGES + 0.5);

async function loop(call: (index: number) => Promise<Answer>): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const endMs = performance.now() + CHANGED_MS;
  for (let index = 0; performance.now() < endMs; index += 1) answers.push(await call(index));
  return answers;
}

test('Every caller is answered while the connection of the only cell changes, whatever way the call comes', async () => {
  await deploy('shared', [{ subject: 'shared.*' }]);
  await deploy('all', [{ subject: 'all.now', fanout: true }]);
  const invoked = hairspringSubjects.invoke('red', 'shared');
  const headers = natsHeaders();
  headers.set(REQUEST_HEADERS.subject, 'shared.by-name');
  const calls = await Promise.all([
    loop((index) => ask(nc, `shared.${index}`)),
    loop(() => ask(nc, 'all.now')),
    loop(() => ask(nc, invoked, 'x', { headers })),
  ]);
  for (const answers of calls) assert.deepEqual(Object.keys(tally(answers)), ['ok']);
});

test('Each message is run once while the connection changes, for one of the queue group and for all', async () => {
  await deploy('once', [{ subject: 'once.now' }]);
  await deploy('every', [{ subject: 'every.now', fanout: true }]);
  const runs = new Map<string, number>();
  const heard = nc.subscribe('_runs.*.*', {
    callback(_error, { subject, headers }) {
      // The server says by a status that nobody listens.
      if (headers === undefined || headers.code === 0) runs.set(subject, (runs.get(subject) ?? 0) + 1);
    },
  });
  const sent: string[] = [];
  await loop(async (index) => {
    for (const way of ['once', 'every']) {
      sent.push(`_runs.${way}.${index}`);
      nc.publish(`${way}.now`, '', { reply: `_runs.${way}.${index}` });
    }
    return await ask(nc, 'once.now');
  });
  await until('all are run', () => sent.every((reply) => runs.has(reply))).catch(() => undefined);
  heard.unsubscribe();
  const wrong = sent.filter((reply) => runs.get(reply) !== 1);
  assert.deepEqual(wrong, []);
});

test('What comes in the place of a cell that dies before its connection has changed is run by the next cell', async () => {
  await deploy('mourned', [{ subject: 'mourned' }]);
  const [pid = 0] = node.cellPids();
  process.kill(pid, 'SIGSTOP');
  const calls: Promise<Answer>[] = [];
  const untilMs = performance.now() + LIFETIME_MS / 2 + 500;
  while (performance.now() < untilMs) {
    calls.push(ask(nc, 'mourned', 'x'));
    await sleep(20);
  }
  process.kill(pid, 'SIGKILL');
  assert.deepEqual(Object.keys(tally(await Promise.all(calls))), ['ok']);
});
