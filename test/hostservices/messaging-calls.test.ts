import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import {
  type FunctionCall,
  HairspringError,
  type HeaderPairs,
  hairspringSubjects,
  type LocalFunctions,
  type Outcome,
} from '../../src/core/index.ts';
import { MESSAGING_LIMITS } from '../../src/hostservices/messaging/limits.ts';
import {
  callerOf,
  listenTo,
  type MessagingHandle,
  openMessaging,
  textOfResult,
} from '../support/messaging.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

let server: TestNats;
let nc: NatsConnection;
let other: NatsConnection;
/** One whose functions are on other nodes. */
let far: MessagingHandle;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  other = await connectTo(server);
  far = openMessaging(nc, { call: ['echo', 'fails', 'gone', 'silent'] }, { calls: { namespace: 'mine' } });
});

after(async () => {
  for (const connection of [nc, other]) await connection?.close();
  await server?.[Symbol.asyncDispose]();
});

function serve(name: string, respond: (message: Msg) => void): Promise<unknown> {
  return listenTo(other, hairspringSubjects.invoke('mine', name), respond);
}

/** A messaging binding beside the functions of its own process. */
function near(
  answer: (call: FunctionCall) => Promise<Outcome>,
  abandon: (call: FunctionCall) => void = () => undefined,
): MessagingHandle {
  const local: LocalFunctions = {
    has: (name) => name === 'here',
    call: (call) => ({ answered: answer(call), abandon: () => abandon(call) }),
  };
  return openMessaging(nc, { call: ['here', 'echo'] }, { calls: { namespace: 'mine', local } });
}

test('A function that is not in this process is called over its invoke subject', async () => {
  let seen: Msg | undefined;
  await serve('echo', (message) => {
    seen = message;
    const own = headers();
    own.append('X-A', 'ü');
    own.append('workload_id', 'w');
    own.append('namespace', 'mine');
    message.respond(message.data, { headers: own });
  });
  const caller = callerOf({
    invocation: { headers: [['traceparent', `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`]] },
  });
  const found = await far.call('call', ['echo', '["X-B","c"]', 700, 'a.subject'], 'hello', caller);
  assert.equal(textOfResult(found), 'hello');
  assert.deepEqual(found.value, ['X-A', 'ü']);
  const sent = new Map([...(seen?.headers ?? [])].map(([name, values]) => [name, values.join()]));
  assert.equal(sent.get('Hairspring-Subject'), 'a.subject');
  assert.equal(sent.get('Hairspring-Timeout-Ms'), '700');
  assert.equal(sent.get('Hairspring-Call-Depth'), '1');
  assert.equal(sent.get('X-B'), 'c');
  assert.match(sent.get('traceparent') ?? '', /^00-1{32}-/);
  assert.match(seen?.reply ?? '', /^_INBOX\./);
});

test('An error of the callee arrives with its own code', async () => {
  const codes = ['HS_FUNCTION_THREW', 'HS_FUNCTION_OVERLOADED', 'HS_OF_A_LATER_VERSION'];
  const bodies = ['{"message":"as asked, in full"}', 'no JSON', '{"message":5}'];
  await serve('fails', (message) => {
    const own = headers();
    own.append('Hairspring-Error', codes.shift() ?? '');
    own.append('error', 'as asked');
    message.respond(bodies.shift(), { headers: own });
  });
  const threw = await far.refused('call', ['fails', '0']);
  assert.deepEqual(
    [threw.code, threw.message],
    ['HS_FUNCTION_THREW', 'Cannot call function "fails": as asked, in full'],
  );
  const overloaded = await far.refused('call', ['fails', '0']);
  assert.equal(overloaded.code, 'HS_FUNCTION_OVERLOADED');
  assert.equal(overloaded.message, 'Cannot call function "fails": as asked');
  const later = await far.refused('call', ['fails', '0']);
  assert.equal(later.code, 'HS_FUNCTION_THREW');
  assert.match(later.message, /HS_OF_A_LATER_VERSION: as asked/);
});

test('A function that is nowhere and one that does not answer each have a code', async () => {
  assert.equal((await far.refused('call', ['gone', '0'])).code, 'HS_FUNCTION_NOT_FOUND');
  await serve('silent', () => undefined);
  assert.equal((await far.refused('call', ['silent', '0', 20])).code, 'HS_REQUEST_TIMEOUT');
});

test('A function in this process is called there, and nothing goes over NATS', async () => {
  let asked: FunctionCall | undefined;
  const bus = near((call) => {
    asked = call;
    const own = ['X-A', 'b', 'Hairspring-Error', 'HS_INTERNAL', 'Bad\r\n', 'x', 'odd'];
    return Promise.resolve({ payload: 'täxt', headers: own });
  });
  const sent = nc.stats().outMsgs;
  const found = await bus.call('call', ['here', '["X-B","c"]', '', 'a.b'], 'data');
  assert.equal(nc.stats().outMsgs, sent);
  assert.equal(textOfResult(found), 'täxt');
  assert.deepEqual(found.value, ['X-A', 'b']);
  assert.equal(asked?.subject, 'a.b');
  assert.equal(Buffer.from(asked?.data ?? '').toString('utf8'), 'data');
  const pairs = new Map(asked?.headers);
  assert.equal(pairs.get('X-B'), 'c');
  assert.equal(pairs.get('Hairspring-Call-Depth'), '1');
  assert.ok(Number(pairs.get('Hairspring-Timeout-Ms')) <= MESSAGING_LIMITS.defaultTimeoutMs);
  assert.equal(textOfResult(await bus.call('call', ['echo', '0'], 'far')), 'far');
});

test('What an abandoned invocation has called in this process is given up, and nothing of others or what is done', async () => {
  const waiting = new Map<string, PromiseWithResolvers<Outcome>>();
  const bus = near(
    (call) => {
      const answer = Promise.withResolvers<Outcome>();
      waiting.set(Buffer.from(call.data).toString(), answer);
      return answer.promise;
    },
    (call) => {
      const error = new HairspringError('HS_FUNCTION_CANCELLED', 'given up');
      waiting.get(Buffer.from(call.data).toString())?.reject(error);
    },
  );
  const calls = ['done', 'mine', 'others'].map((text) =>
    bus.call('call', ['here', '0'], text, callerOf({ id: text === 'others' ? 2 : 1 })),
  );
  waiting.get('done')?.resolve({ payload: 'x', headers: [] });
  await calls[0];
  bus.prepared.abandoned?.(1);
  bus.prepared.abandoned?.(3);
  await assert.rejects(async () => await calls[1], { code: 'HS_FUNCTION_CANCELLED' });
  waiting.get('others')?.resolve({ payload: 'y', headers: [] });
  const last = await calls[2];
  assert.ok(last !== undefined && textOfResult(last) === 'y');
  bus.prepared.abandoned?.(2);
});

test('An error, and a reply that NATS would not carry, come from here as from there', async () => {
  const failing = near(() => Promise.reject(new HairspringError('HS_FUNCTION_CPU', 'too long')));
  const refused = await failing.refused('call', ['here', '0']);
  assert.deepEqual(
    [refused.code, refused.message],
    ['HS_FUNCTION_CPU', 'Cannot call function "here": too long'],
  );
  const limit = nc.info?.max_payload ?? 0;
  const large = near(() => Promise.resolve({ payload: new Uint8Array(limit + 1), headers: [] }));
  assert.equal((await large.refused('call', ['here', '0'])).code, 'HS_REPLY_TOO_LARGE');
  const never = near(() => assert.fail('It was called'));
  assert.equal(
    (await never.refused('call', ['here', '0'], new Uint8Array(limit + 1))).code,
    'HS_MESSAGE_TOO_LARGE',
  );
});

test('A chain of calls is as deep as the limit and no deeper', async () => {
  const reached: string[] = [];
  const bus = near(({ headers: pairs }) => {
    reached.push(new Map(pairs).get('Hairspring-Call-Depth') ?? '');
    return Promise.resolve({ payload: '', headers: [] });
  });
  const at = (depth: string): HeaderPairs => [['Hairspring-Call-Depth', depth]];
  const { callDepth } = MESSAGING_LIMITS;
  const last = callerOf({ invocation: { headers: at(String(callDepth - 1)) } });
  await bus.call('call', ['here', '0'], '', last);
  for (const depth of [String(callDepth), '9999']) {
    const refused = await bus.refused(
      'call',
      ['here', '0'],
      '',
      callerOf({ invocation: { headers: at(depth) } }),
    );
    assert.equal(refused.code, 'HS_CALL_DEPTH');
    assert.match(refused.message, new RegExp(`at most ${callDepth} may be`));
  }
  for (const odd of ['', '-5', '1e3', 'x'])
    await bus.call('call', ['here', '0'], '', callerOf({ invocation: { headers: at(odd) } }));
  assert.deepEqual(reached, [String(callDepth), '1', '1', '1', '1']);
});

test('A request carries the depth on, so that a call behind it counts', async () => {
  const depths: string[] = [];
  await listenTo(other, 'ask.deep', (message) => {
    depths.push(message.headers?.get('Hairspring-Call-Depth') ?? '');
    message.respond();
  });
  const bus = openMessaging(nc, { request: ['ask.*'] });
  const deep = callerOf({ invocation: { headers: [['Hairspring-Call-Depth', '3']] } });
  await bus.call('request', ['ask.deep', '0'], '', deep);
  const { value } = await bus.call('requestMany', ['ask.deep', '0', 5_000, 1], '', deep);
  await bus.call('next', [value as number]);
  await bus.call('request', ['ask.deep', '0']);
  assert.deepEqual(depths, ['3', '3', '']);
});

test('What is not granted, no name, or hostile otherwise is refused before anything is called', async () => {
  const bus = near(() => assert.fail('It was called'));
  const denied = await bus.refused('call', ['other', '0']);
  assert.equal(denied.code, 'HS_BINDING_DENIED');
  assert.equal(denied.message, 'Cannot call function "other": the bindings grant calls of "here", "echo"');
  const none = openMessaging(nc, {});
  assert.match((await none.refused('call', ['here', '0'])).message, /grant calls of nothing/);
  for (const name of ['', '*', '>', 'here.x', 'here ', 'here\r\n', 'a'.repeat(65), 'hère', 5, null])
    assert.equal((await bus.refused('call', [name, '0'])).code, 'HS_HOST_CALL_INVALID', String(name));
  for (const timeout of [0, -1, null, 'soon'])
    assert.equal((await bus.refused('call', ['here', '0', timeout])).code, 'HS_HOST_CALL_INVALID');
  for (const subject of ['a.*', '>', 'a b', 'a\r\nX: y', 5, null])
    assert.equal((await bus.refused('call', ['here', '0', '', subject])).code, 'HS_SUBJECT_INVALID');
  for (const name of ['Hairspring-Call-Depth', 'hairspring-subject', 'Hairspring-Timeout-Ms', 'Nats-A'])
    assert.equal(
      (await bus.refused('call', ['here', JSON.stringify([name, '1'])])).code,
      'HS_HEADER_INVALID',
    );
});
