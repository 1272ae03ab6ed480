/**
 * What holds: a credential of one namespace used by hand against another, a caller who may only publish to a function,
 * and a function that tries to reach farther than its bindings by any of the host services.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { ERROR_CODES, HairspringError } from '../../src/core/index.ts';
import { refusalsOf, usersOf } from '../support/credentials.ts';
import { handler, startTestHost } from '../support/host.ts';
import { kvBinding } from '../support/kv.ts';
import { listenTo, messagingBinding } from '../support/messaging.ts';
import { createStore, objectBinding } from '../support/objects.ts';
import { until } from '../support/turns.ts';

const world = await startTestHost({ accounts: true, replySubjects: ['answers.>'] });
const stack = new AsyncDisposableStack();
after(async () => {
  await stack.disposeAsync();
  await world[Symbol.asyncDispose]();
});
const [users, redUsers] = [await usersOf(world, 'default', stack), await usersOf(world, 'red', stack)];
const owner = await users.asOwner();
const manager = await jetstreamManager(owner);
for (const nc of [owner, await redUsers.asOwner()])
  for (const name of ['mine', 'victim']) {
    const bucket = await new Kvm(nc).create(name, { allow_direct: true });
    await bucket.put('k', 'untouched');
    await bucket.put('empty', '');
  }
const photos = await createStore(owner, 'photos');
await photos.putBlob({ name: 'o' }, Buffer.from('untouched'));

/** Of the namespace "default", with all of whose buckets nothing may have happened. */
async function stateOfStreams(): Promise<readonly unknown[]> {
  const streams = await manager.streams.list().next();
  return streams
    .map(({ config, state }) => [config.name, state.messages, state.last_seq, state.consumer_count])
    .filter(
      ([name]) => !String(name).startsWith('KV_hairspring') && !String(name).startsWith('OBJ_hairspring'),
    );
}

/** All that nats-permissions finds a raw credential can do inside its own account. */
const ATTACKS: readonly (readonly [subject: string, body: string, reply: string])[] = [
  ...['$KV.victim.k', '$JS.API.STREAM.PURGE.KV_victim', '$JS.API.STREAM.DELETE.KV_victim'].flatMap(
    (reply) => [
      ['$JS.API.DIRECT.GET.KV_mine.$KV.mine.empty', '', reply] as const,
      ['$KV.mine.k', 'x', reply] as const,
      ['ask.anybody', '', reply] as const,
    ],
  ),
  [
    '$JS.API.CONSUMER.CREATE.KV_mine.byhand.$KV.mine.>',
    JSON.stringify({
      stream_name: 'KV_mine',
      config: {
        name: 'byhand',
        filter_subject: '$KV.mine.>',
        deliver_subject: 'orders.cancel',
        ack_policy: 'none',
      },
    }),
    'orders.reply',
  ],
  ['$JS.API.STREAM.INFO.OBJ_photos', '', 'orders.reply'],
  ['$O.photos.M.bw==', '{}', 'orders.reply'],
];

test('The credential of a function, used by hand, reaches nothing in another namespace by any attack', async () => {
  const before = await stateOfStreams();
  const heard: string[] = [];
  for (const subject of ['orders.>', 'ask.>'])
    await listenTo(owner, subject, ({ subject: at }) => heard.push(at));
  const nc = await redUsers.asFunction({
    KV: kvBinding('mine'),
    OBJ: objectBinding('photos'),
    BUS: messagingBinding({ publish: ['orders.>'], request: ['ask.>'], call: ['echo'] }),
  });
  const refusals = await refusalsOf(nc, () => {
    for (const [subject, body, reply] of ATTACKS) nc.publish(subject, body, { reply });
    nc.publish('orders.cancel', 'x');
  });
  assert.deepEqual(refusals, [], 'the attacks are refused, and prove nothing');
  // In their own namespace the attacks work.
  const own = await jetstreamManager(await redUsers.asOwner());
  await until(async () => !(await own.streams.names().next()).includes('KV_victim'));
  await owner.flush();
  assert.deepEqual(heard, []);
  assert.deepEqual(await stateOfStreams(), before);
});

test('No user of a function or a cell may create or change a stream or purge that of a KV bucket', async () => {
  const bindings = { KV: kvBinding('mine'), OBJ: objectBinding('photos') };
  for (const nc of [await users.asFunction(bindings), await users.asCell()]) {
    const subjects = [
      '$JS.API.STREAM.CREATE.mine_copy',
      '$JS.API.STREAM.UPDATE.KV_mine',
      '$JS.API.STREAM.PURGE.KV_mine',
      '$JS.API.STREAM.DELETE.KV_mine',
      '$JS.API.STREAM.RESTORE.mine_copy',
      '$JS.API.STREAM.SNAPSHOT.KV_mine',
      '$JS.API.CONSUMER.DURABLE.CREATE.KV_mine.d',
    ];
    const refusals = await refusalsOf(nc, () => {
      for (const subject of subjects) nc.publish(subject, '{}');
    });
    assert.equal(refusals.length, subjects.length);
  }
});

test('The user of a function may not publish to the reply subject of what it receives', async () => {
  const nc = await users.asFunction({ BUS: messagingBinding({ request: ['ask.>'] }) });
  await listenTo(owner, 'ask.reply', (message) =>
    owner.publish(message.reply ?? '', 'answer', { reply: '$KV.victim.k' }),
  );
  const answer = await nc.request('ask.reply', '', { timeout: 5_000, noMux: true });
  assert.equal(answer.reply, '$KV.victim.k');
  assert.equal((await refusalsOf(nc, () => answer.respond('by a responder'))).length, 1);
});

test('The bridge names a private inbox for every request, and its consumers are pulled from and not durable', async () => {
  const replies: string[] = [];
  await listenTo(owner, 'ask.inbox', (message) => {
    replies.push(message.reply ?? '');
    message.respond('answer');
  });
  await world.deploy({
    name: 'asker',
    code: handler(`
      await env.BUS.request('ask.inbox', '');
      for await (const reply of env.BUS.requestMany('ask.inbox', '', { maxMessages: 1 })) break;
      const watch = env.KV.watch();
      await watch.next();
      const objects = env.OBJ.watch({ existing: true });
      await objects.next();
      await env.BUS.request('ask.watched', '');
      return 'done';`),
    bindings: {
      BUS: { request: ['ask.>'] },
      KV: { kv: 'mine' },
      OBJ: { objectstore: 'photos' },
    },
  });
  const consumers: { readonly durable_name?: string; readonly deliver_subject?: string }[] = [];
  owner.subscribe('ask.watched', {
    callback: (_error, message) => {
      void (async () => {
        for (const stream of ['KV_mine', 'OBJ_photos'])
          consumers.push(...(await manager.consumers.list(stream).next()).map(({ config }) => config));
        message.respond('');
      })();
    },
  });
  await owner.flush();
  const { id } = (await world.client().info('asker')).definition;
  assert.equal((await world.ask('asker')).text, 'done');
  assert.equal(replies.length, 2);
  for (const reply of replies) assert.ok(reply.startsWith(`_HSBOX.${id}.`), reply);
  assert.equal(consumers.length, 2);
  for (const config of consumers)
    assert.deepEqual([config.durable_name, config.deliver_subject], [undefined, undefined]);
  for (const stream of ['KV_mine', 'OBJ_photos'])
    await until(async () => (await manager.streams.info(stream)).state.consumer_count === 0);
});

test('A caller who may only publish to a function has nothing written below $ by naming a reply subject', async () => {
  await world.deploy({
    name: 'echo',
    code: `let calls = 0; export default { message(msg) {
      if (msg.text() === 'count') return String(calls);
      calls += 1;
      if (msg.text() === 'throw') throw new Error('thrown');
      return msg.text();
    } };`,
    limits: { payload: '1KiB' },
  });
  const before = await stateOfStreams();
  const caller = await users.asCaller(['echo', '$NEX.SVC.default.control.HS.INVOKE.echo']);
  const replies = [
    '$KV.victim.k',
    '$JS.API.STREAM.PURGE.KV_victim',
    '$O.photos.M.bw==',
    '$SYS.REQ.CLAIMS.UPDATE',
  ];
  const big = 'x'.repeat(2_000);
  for (const reply of replies)
    for (const payload of ['', 'throw', big])
      for (const subject of ['echo', '$NEX.SVC.default.control.HS.INVOKE.echo'])
        caller.publish(subject, payload, { reply });
  await caller.flush();
  await until(async () => (await world.ask('echo', 'count')).text === String(replies.length * 4));
  assert.deepEqual(await stateOfStreams(), before);
});

test('A caller who may only publish to a function has its answer written to inboxes and what the operator allows, and nowhere else', async () => {
  const code = `let calls = 0; export default { message(msg) {
    if (msg.text() === 'count') return { calls };
    calls += 1;
    if (msg.text() === 'throw') throw new Error('thrown');
    return msg.text();
  } };`;
  const { id } = await world.deploy({ name: 'said', code, limits: { payload: '1KiB' } });
  const heard: string[] = [];
  for (const subject of ['orders.>', 'answers.>'])
    await listenTo(owner, subject, ({ subject: at }) => heard.push(at));
  const lines: string[] = [];
  await using _logs = await world.client().logs({ function: id }, ({ text }) => lines.push(text));
  const caller = await users.asCaller(['said', '$NEX.SVC.default.control.HS.INVOKE.said']);
  const payloads = ['by hand', 'throw', 'x'.repeat(2_000)];
  for (const subject of ['said', '$NEX.SVC.default.control.HS.INVOKE.said'])
    for (const payload of payloads)
      for (const reply of ['orders.refund', '_HSCELL.c1.x', 'orders._INBOX'])
        caller.publish(subject, payload, { reply });
  await caller.flush();
  await until(async () => (await world.ask('said', 'count')).text === '{"calls":12}');
  assert.deepEqual(heard, []);
  await until(async () => lines.some((line) => /"orders\.refund".*--reply-subject/.test(line)));
  assert.equal(lines.filter((line) => line.includes('--reply-subject')).length, 1);
  caller.publish('said', 'allowed', { reply: 'answers.mine' });
  await until(async () => heard.length > 0);
  assert.deepEqual(heard, ['answers.mine']);
});

/** Refused when it is deployed. */
const WILD_BINDINGS: readonly Readonly<Record<string, unknown>>[] = [
  ...['*', '>', 'a.b', 'a.>', '', ' ', 'hairspring-functions', 'x'.repeat(65)].flatMap((name) => [
    { kv: name },
    { objectstore: name },
  ]),
  ...['$KV.>', '$JS.API.>', '_INBOX.>', '_HSBOX.>', '_R_.>', '>', '*.x', 'a..b', 'a b', 'a.>.b'].flatMap(
    (subject) => [{ publish: [subject] }, { request: [subject] }],
  ),
  ...['*', '>', 'a.b', '', '../x'].flatMap((name) => [{ call: [name] }, { secret: name }]),
  ...['', 'a..b', '.a', 'a.', 'a b', '>.a', 'a*'].map((keys) => ({ kv: 'mine', keys })),
];

test('Names that become tokens of a permission are refused when they are deployed', async () => {
  for (const binding of WILD_BINDINGS) {
    const outcome = await world
      .deploy({ name: 'wild', code: handler('return 1;'), bindings: { B: binding } })
      .catch((error: unknown) => error);
    assert.ok(HairspringError.is(outcome), `${JSON.stringify(binding)} was deployed`);
    assert.equal(
      ERROR_CODES[outcome.code].fault,
      'deployer',
      `${JSON.stringify(binding)}: ${outcome.message}`,
    );
  }
  assert.deepEqual(
    (await world.client().list()).filter(({ name }) => name === 'wild'),
    [],
  );
});

/** Runs each expression in a function; what it gives, or the code that it is refused with. */
async function attempts(
  name: string,
  bindings: Readonly<Record<string, object>>,
  expressions: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const lines = Object.entries(expressions).map(
    ([label, expression]) => `told[${JSON.stringify(label)}] = await tell(async () => ${expression});`,
  );
  const code = handler(`
    const told = {};
    const tell = async (run) => { try { return { gave: await run() ?? null }; } catch (error) { return error.code ?? String(error); } };
    ${lines.join('\n')}
    return told;`);
  await world.deploy({ name, code, bindings, limits: { timeout: '20s' } });
  const answer = await world.ask(name, '', { timeoutMs: 20_000 });
  assert.equal(answer.outcome, 'ok', answer.text);
  return JSON.parse(answer.text);
}

test('A function follows no link out of its bucket, makes none that leads out, and no bucket by one', async () => {
  const other = await createStore(owner, 'others');
  await other.putBlob({ name: 'secret' }, Buffer.from('of others'));
  const info = await other.info('secret');
  assert.ok(info !== null);
  await photos.link('planted', info);
  await photos.linkStore('store', other);
  const absent = { ...info, bucket: 'absent' };
  await photos.link('absent', absent).catch(() => undefined);
  const told = await attempts(
    'linker',
    { OBJ: { objectstore: 'photos', access: 'read-write' } },
    {
      planted: `(await env.OBJ.get('planted')).text()`,
      store: `(await env.OBJ.get('store')).text()`,
      made: `env.OBJ.link('mine', { bucket: 'others', name: 'secret' })`,
      absent: `env.OBJ.link('mine', { bucket: 'absent', name: 'x' })`,
    },
  );
  assert.deepEqual(told, {
    planted: 'HS_OBJECT_LINK_DENIED',
    store: 'HS_OBJECT_LINK_DENIED',
    made: 'HS_OBJECT_LINK_DENIED',
    absent: 'HS_OBJECT_LINK_DENIED',
  });
  assert.ok(!(await manager.streams.names().next()).includes('OBJ_absent'));
});

test('A function sets no header that commands JetStream, and names no odd subject, key, function or consumer', async () => {
  const before = await stateOfStreams();
  const told = await attempts(
    'prober',
    {
      BUS: { publish: ['out.>'], request: ['out.>'], call: ['echo'] },
      KV: { kv: 'mine', access: 'read-write', keys: 't.>' },
    },
    {
      rollup: `env.BUS.publish('out.x', '', { headers: { 'Nats-Rollup': 'all' } })`,
      lowercase: `env.BUS.request('out.x', '', { headers: { 'nats-rollup': 'all' } })`,
      marker: `env.BUS.publishAcked('out.x', '', { headers: { 'KV-Operation': 'PURGE' } })`,
      folded: `env.BUS.publish('out.x', '', { headers: { 'X': 'a\\r\\nNats-Rollup: all' } })`,
      kv: `env.BUS.publish('$KV.mine.k', '')`,
      wildcard: `env.BUS.publish('out.>', '')`,
      empty: `env.BUS.publish('out..x', '')`,
      reply: `env.BUS.publish('out.x $KV.mine.k', '')`,
      tab: `env.BUS.request('out.x\\t$KV.mine.k', '')`,
      line: `env.BUS.publish('out.x\\r\\nPUB $KV.mine.k 0\\r\\n', '')`,
      inbox: `env.BUS.request('_HSBOX.x.y', '')`,
      key: `env.KV.get('t.>')`,
      neighbour: `env.KV.put('k', 'x')`,
      dots: `env.KV.put('t..k', 'x')`,
      spaced: `env.KV.put('t.k $KV.victim.k', 'x')`,
      watch: `env.KV.watch('>').next()`,
      consumer: `env.KV.watch('t.a.>', { name: 'x', durable_name: 'd', deliver_subject: 'orders.x', include: 'all' }).next()`,
      function: `ctx.call('*', '')`,
      control: `ctx.call('echo.x', '')`,
    },
  );
  const { consumer, ...refused } = told;
  assert.equal(consumer, 'HS_HOST_CALL_INVALID');
  for (const [label, code] of Object.entries(refused)) {
    assert.equal(typeof code, 'string', `${label} gave ${JSON.stringify(code)}`);
    assert.match(
      String(code),
      /^HS_(HEADER_INVALID|SUBJECT_INVALID|BINDING_DENIED|KV_KEY_INVALID|HOST_CALL_INVALID)$/,
      label,
    );
  }
  assert.deepEqual(await stateOfStreams(), before);
});

test('Replies of a function carry no header that commands JetStream', async () => {
  await world.deploy({
    name: 'header',
    code: handler(
      `return new Reply('x', { headers: { 'Nats-Rollup': 'all', 'nats-ttl': '1s', 'KV-Operation': 'DEL', 'X-Own': '1' } });`,
    ),
  });
  const { headers } = await world.nc.request('header', '', { timeout: 5_000 });
  const names = [...(headers?.keys() ?? [])].map((name: string) => name.toLowerCase());
  assert.ok(names.includes('x-own'));
  assert.deepEqual(
    names.filter((name) => /^(nats|kv)-/.test(name)),
    [],
  );
});

test('The user of a function is gone from the server when it is undeployed', async () => {
  await world.deploy({
    name: 'leaver',
    code: handler('return (await env.KV.get("k")).text();'),
    bindings: { KV: { kv: 'mine' } },
  });
  assert.equal((await world.ask('leaver')).text, 'untouched');
  const { id } = (await world.client().info('leaver')).definition;
  assert.equal(await countConnections(owner, id), 1);
  await world.client().undeploy('leaver');
  await until(async () => (await countConnections(owner, id)) === 0);
});

/** Connections of a function that the server has in the account of `nc`. */
async function countConnections(nc: NatsConnection, functionId: string): Promise<number> {
  const reply = await nc.request('$SYS.REQ.ACCOUNT.PING.CONNZ', '{}', { timeout: 5_000 });
  const { data } = reply.json<{
    readonly data: { readonly connections?: readonly { readonly name?: string }[] };
  }>();
  return (data.connections ?? []).filter(({ name }) => name === `hairspring function ${functionId}`).length;
}
