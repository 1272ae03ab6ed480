import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { REPLY_HEADERS } from '../../src/core/index.ts';
import { handler, startTestHost, type TestTrigger } from '../support/host.ts';
import { ask, until } from '../support/load.ts';

const KILLS = 3;
const PER_TICK = 10;
const TICK_MS = 2;
const LEAST_RUNS = 100;
/** Nothing can interrupt it, so it costs its cell. */
const HANG = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)';
const ROOM = { concurrency: 1_000, queue: 10_000 };

/** Publishes messages for all, and counts how often each was run. */
function startLoad(nc: NatsConnection) {
  const runs = new Map<string, number>();
  nc.subscribe('_answers.*', {
    callback: (error, message) => {
      if (error !== null || message.headers?.get(REPLY_HEADERS.code)) return;
      if (message.headers?.code === 503) return;
      runs.set(message.subject, (runs.get(message.subject) ?? 0) + 1);
    },
  });
  let sent = 0;
  const load = setInterval(() => {
    for (let count = 0; count < PER_TICK; count += 1) {
      nc.publish('all.now', '', { reply: `_answers.${sent}` });
      sent += 1;
    }
  }, TICK_MS);
  return {
    async stop() {
      clearInterval(load);
      await sleep(500);
      return { runs, sent };
    },
  };
}

test('A message for all is run once by a node whose cell dies meanwhile, or not at all', async () => {
  await using world = await startTestHost({ spareCells: 1 });
  const { nc } = world;
  await world.deploy({
    name: 'all',
    code: handler('return msg.text();'),
    triggers: [{ subject: 'all.now', fanout: true }],
    limits: ROOM,
  });
  const load = startLoad(nc);
  const killed: number[] = [];
  const served = async (): Promise<number | undefined> => {
    if ((await ask(nc, 'all.now')).outcome !== 'ok') return undefined;
    return world.host.cellPids().find((pid) => !killed.includes(pid));
  };
  for (let round = 0; round < KILLS; round += 1) {
    const pid = await until('it is served', served);
    await sleep(300);
    killed.push(pid);
    process.kill(pid, 'SIGKILL');
  }
  await until('it is served', served);
  const { runs, sent } = await load.stop();
  const twice = [...runs].filter(([, count]) => count > 1);
  // How many are lost is a matter of how long the machine takes to bring another cell up.
  assert.ok(runs.size > LEAST_RUNS, `${runs.size} of ${sent} were run`);
  assert.deepEqual(twice, []);
});

test('A message for all is run once also when a deployment that waited binds the next cell', async () => {
  await using world = await startTestHost({ spareCells: 2 });
  const { nc } = world;
  const deploy = (name: string, triggers: readonly TestTrigger[]): Promise<unknown> =>
    world.deploy({ name, code: handler('return msg.text();'), triggers, limits: ROOM });
  await deploy('all', [{ subject: 'all.now', fanout: true }]);
  const load = startLoad(nc);
  await until('it is served', async () => (await ask(nc, 'all.now')).outcome === 'ok');
  const [pid = 0] = world.host.cellPids();
  // One deployment waits for the cell, the others for their turn.
  process.kill(pid, 'SIGSTOP');
  const names = Array.from({ length: 8 }, (_value, index) => `other${index}`);
  const deployed = names.map((name) => deploy(name, [{ subject: name }]).catch(() => undefined));
  await sleep(1_500);
  process.kill(pid, 'SIGKILL');
  await Promise.all(deployed);
  await until('it is served again', async () => (await ask(nc, 'all.now')).outcome === 'ok');
  const { runs, sent } = await load.stop();
  // How many are lost is a matter of how long the machine takes to bring another cell up.
  assert.ok(runs.size > LEAST_RUNS, `${runs.size} of ${sent} were run`);
  assert.deepEqual(
    [...runs].filter(([, count]) => count > 1),
    [],
  );
});

test('A function that gets a cell of its own is in no other, also when a deployment that waited binds the next cell', async () => {
  await using world = await startTestHost({ spareCells: 2 });
  const { nc } = world;
  await world.deploy({
    name: 'all',
    code: `export default { message(msg) { return msg.text() === 'die' ? ${HANG} : 'here'; } };`,
    triggers: [{ subject: 'all.now', fanout: true }],
    limits: ROOM,
  });
  const served = async (): Promise<boolean> => (await ask(nc, 'all.now')).outcome === 'ok';
  assert.equal((await ask(nc, 'all.now', 'die')).outcome, 'HS_FUNCTION_CPU');
  await until('it is served again', served);
  const [pid = 0] = world.host.cellPids();
  // It is about to kill its second cell when one deployment waits for that, and others for their turn.
  process.kill(pid, 'SIGSTOP');
  const killed = ask(nc, 'all.now', 'die');
  const names = Array.from({ length: 8 }, (_value, index) => `other${index}`);
  const deployed = names.map((name) =>
    world.deploy({ name, code: handler('return "other";') }).catch(() => undefined),
  );
  const bucket = await new Kvm(nc).open('hairspring-functions');
  await until('all are stored', async () => {
    const stored = await Promise.all(names.map((name) => bucket.get(`default.${name}`)));
    return stored.every((one) => one !== null);
  });
  process.kill(pid, 'SIGCONT');
  assert.equal((await killed).outcome, 'HS_FUNCTION_CPU');
  await Promise.all(deployed);
  await until('it is served in a cell of its own', served);
  const load = startLoad(nc);
  await sleep(500);
  const { runs, sent } = await load.stop();
  assert.ok(runs.size > LEAST_RUNS, `${runs.size} of ${sent} were run`);
  assert.deepEqual(
    [...runs].filter(([, count]) => count > 1),
    [],
  );
});
