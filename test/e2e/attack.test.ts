import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { headers } from '@nats-io/transport-node';
import { handler, startTestHost } from '../support/host.ts';
import { ask, tally, until } from '../support/load.ts';

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
const { deploy, nc } = world;
const kvm = new Kvm(nc);
const victim = await kvm.create('victim');
await victim.put('k', 'untouched');

/** What a caller may try to have us write to. */
const FORBIDDEN = [
  '$KV.victim.k',
  '$KV.victim.new',
  '$JS.API.STREAM.DELETE.KV_victim',
  '$JS.API.STREAM.PURGE.KV_victim',
  '$O.hairspring-artifacts.C.x',
  '$KV.hairspring-functions.default.evil',
  '$NEX.SVC.default.control.WPING',
];

async function assertVictimUntouched(): Promise<void> {
  assert.equal((await victim.get('k'))?.string(), 'untouched');
  assert.equal((await victim.get('new')) ?? null, null);
  const manager = await jetstreamManager(nc);
  assert.equal((await manager.streams.info('KV_victim')).state.messages, 1);
}

test('A reply subject under $ is never written to, by functions, by invocation or by the control plane', async () => {
  await deploy({
    name: 'echo',
    code: `let calls = 0; export default { message(msg) {
      if (msg.text() === 'count') return calls;
      calls += 1;
      if (msg.text() === 'throw') throw new Error('thrown');
      return msg.text();
    } };`,
    limits: { payload: '1KiB' },
  });
  const stored = (await (await jetstreamManager(nc)).streams.info('KV_hairspring-functions')).state.messages;
  const big = 'x'.repeat(2_000);
  for (const reply of FORBIDDEN) {
    for (const payload of ['evil', 'throw', big]) {
      nc.publish('echo', payload, { reply });
      nc.publish('$NEX.SVC.default.control.HS.INVOKE.echo', payload, { reply });
    }
    nc.publish('$NEX.SVC.default.control.HS.INVOKE.nobody', '', { reply });
    const ns = JSON.stringify({ namespace: 'default', filter: [] });
    nc.publish('$NEX.SVC.default.control.WPING', ns, { reply });
    nc.publish('$NEX.SVC.default.control.HS.INFO.echo', '', { reply });
    nc.publish('$NEX.SVC.default.control.HS.INFO.nobody', '', { reply });
    nc.publish('$NEX.SVC.system.control.PING', '', { reply });
    nc.publish('$SRV.INFO', '', { reply });
  }
  const calls = String(FORBIDDEN.length * 4);
  await until('all calls ran', async () => (await world.ask('echo', 'count')).text === calls);
  await world.client().list();
  await assertVictimUntouched();
  const after = (await (await jetstreamManager(nc)).streams.info('KV_hairspring-functions')).state.messages;
  assert.equal(after, stored);
});

test('Messages with a forbidden reply subject do not run again when their cell dies', async () => {
  const runs = await kvm.create('runs');
  await deploy({
    name: 'once',
    code: handler('if (msg.text() === "alive") return "alive"; await env.B.create(msg.text(), "1");'),
    bindings: { B: { kv: 'runs', access: 'read-write' } },
    limits: { concurrency: 1000 },
  });
  const keys = async (): Promise<number> => (await runs.status()).values;
  for (let run = 0; run < 100; run += 1)
    nc.publish('once', `r${run}`, { reply: run % 2 === 0 ? '$KV.victim.k' : 'victim.k' });
  await until('all have run', async () => (await keys()) === 100);
  for (let run = 0; run < 100; run += 1) await runs.purge(`r${run}`);
  process.kill(world.host.cellPids()[0] ?? 0, 'SIGKILL');
  await until('another cell serves', async () => (await ask(nc, 'once', 'alive')).text === 'alive');
  for (let run = 0; run < 20; run += 1) assert.equal((await world.ask('once', 'alive')).text, 'alive');
  const left: string[] = [];
  for await (const key of await runs.keys()) left.push(key);
  assert.deepEqual(left, []);
  await assertVictimUntouched();
});

test('Odd subjects, headers and payloads reach the function as they are', async () => {
  await deploy({
    name: 'odd',
    code: handler(`return {
      subject: msg.subject, params: Object.entries(msg.params), size: msg.data.length,
      headers: [...msg.headers].length, big: (msg.headers.get('big') ?? '').length,
    };`),
    triggers: ['odd.{a}.{rest>}'],
  });
  const tokens = [
    '__proto__',
    'constructor',
    '"',
    "'",
    '\\',
    '{a}',
    '%s',
    '$x',
    'é',
    '😀',
    '\u2028',
    '</script>',
    '-',
    'toString',
  ];
  for (const token of tokens) {
    const answer = await world.ask(`odd.${token}.${token}.x`);
    assert.equal(answer.outcome, 'ok', token);
    const reply = JSON.parse(answer.text);
    assert.equal(reply.subject, `odd.${token}.${token}.x`);
    assert.deepEqual(reply.params, [
      ['a', token],
      ['rest', `${token}.x`],
    ]);
  }
  const long = `odd.${'t.'.repeat(500)}${'x'.repeat(1_000)}`;
  assert.equal(JSON.parse((await world.ask(long)).text).subject, long);
  const sent = headers();
  sent.set('big', 'b'.repeat(50_000));
  for (let index = 0; index < 200; index += 1) sent.append(`h-${index}`, '1');
  const reply = JSON.parse((await world.ask('odd.a.b', 'x'.repeat(100_000), { headers: sent })).text);
  assert.deepEqual([reply.size, reply.headers, reply.big], [100_000, 201, 50_000]);
});

test('10,000 requests with one reply subject are all answered, also when a cell dies among them', async () => {
  await deploy({ name: 'mass', code: handler('return msg.text();'), limits: { queue: 100_000 } });
  assert.equal((await world.ask('mass', 'warm')).text, 'warm');
  for (const kill of [false, true]) {
    let answers = 0;
    const count = (): void => {
      answers += 1;
    };
    const inbox = nc.subscribe(`_mass.replies.${kill}`, { callback: count });
    for (let index = 0; index < 10_000; index += 1)
      nc.publish('mass', 'x', { reply: `_mass.replies.${kill}` });
    await nc.flush();
    if (kill) process.kill(world.host.cellPids()[0] ?? 0, 'SIGKILL');
    await until('every request has its answer', () => answers >= 10_000);
    if (!kill) assert.equal(answers, 10_000);
    inbox.unsubscribe();
  }
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => world.ask('mass', String(index))),
  );
  assert.deepEqual(tally(answers), { ok: 100 });
  assert.deepEqual(
    answers.map(({ text }) => text),
    Array.from({ length: 100 }, (_, index) => String(index)),
  );
});

test('Malformed control requests are coded errors, and the node goes on', async () => {
  const bodies = [
    '',
    '{',
    'null',
    '[]',
    '{"namespace":5}',
    '"x"',
    `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
  ];
  const verbs = ['AUCTION', 'ADEPLOY.nobid', 'UNDEPLOY.x', 'CLONE.x', 'WPING', 'HS.INFO.x', 'HS.TAP'];
  for (const verb of verbs) {
    for (const body of bodies) {
      const subject = `$NEX.SVC.default.control.${verb}`;
      const { outcome } = await ask(nc, subject, body, { timeoutMs: 100 });
      // Where only the node with the bid or the workload answers, the others keep silent by Nex's rules.
      const silentByRule = verb.startsWith('ADEPLOY') || verb.startsWith('CLONE') || verb === 'AUCTION';
      assert.match(
        outcome,
        silentByRule ? /^(HS_\w+|ok|silent)$/ : /^(HS_\w+|ok)$/,
        `${subject} ${body.slice(0, 40)}`,
      );
      assert.notEqual(outcome, 'HS_INTERNAL', `${subject} ${body.slice(0, 40)}`);
    }
  }
  assert.equal((await world.client().nodes()).length, 1);
});
