import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type FunctionSpec, INVOKE_TRIGGER, type Invocation, ReplySubjects } from '../../src/core/index.ts';
import { drainSubscriptions, SubjectListener } from '../../src/triggers/index.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { createSpec, subjectTrigger } from '../support/spec.ts';

const server = await startTestNats();
const nc = await connectTo(server);
after(async () => {
  await nc.close();
  await server[Symbol.asyncDispose]();
});

function specOn(
  patterns: readonly string[],
  options: { fanout?: boolean; name?: string } = {},
): FunctionSpec {
  const { fanout = false, name = 'probe' } = options;
  return { ...createSpec({ name }), triggers: patterns.map((pattern) => subjectTrigger(pattern, fanout)) };
}

interface Member extends AsyncDisposable {
  readonly listener: SubjectListener;
  readonly seen: Invocation[];
  subjects(): string[];
  update(spec: FunctionSpec): Promise<readonly number[]>;
  drain(): Promise<void>;
}

let nodes = 0;

/** A cell's listener on a connection of its own; each is of another node, unless that is named. */
async function join(spec: FunctionSpec, nodeId: string = `N${++nodes}`): Promise<Member> {
  const connection = await connectTo(server);
  const seen: Invocation[] = [];
  const nothing = (): void => undefined;
  const target = {
    accept: (invocation: Invocation) => {
      seen.push(invocation);
      invocation.succeed({ payload: invocation.subject, headers: [] });
    },
    received: nothing,
    answered: nothing,
    refusedReply: nothing,
  };
  const replySubjects = new ReplySubjects();
  const listener = new SubjectListener({ nc: connection, target, replySubjects, nodeId }, spec);
  const update = async (next: FunctionSpec): Promise<readonly number[]> => {
    const sids = listener.update(next);
    await connection.flush();
    return sids;
  };
  await update(spec);
  const drain = (): Promise<void> => drainSubscriptions(connection, listener.release());
  return {
    listener,
    seen,
    update,
    drain,
    subjects: () => seen.map(({ subject }) => subject),
    async [Symbol.asyncDispose]() {
      await drain();
      await connection.close();
    },
  };
}

async function publishAll(
  subjects: readonly string[],
  members: readonly Member[],
  expected: number,
): Promise<void> {
  for (const subject of subjects) nc.publish(subject);
  await nc.flush();
  const count = (): number => members.reduce((sum, { seen }) => sum + seen.length, 0);
  await until('all are seen', () => count() >= expected, { everyMs: 5 });
  // One more would come with the next few reads.
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(count(), expected);
}

test('Of the members of a queue group exactly one runs each message', async () => {
  await using one = await join(specOn(['work.>']));
  await using two = await join(specOn(['work.>']));
  await publishAll(
    Array.from({ length: 200 }, (_, index) => `work.${index}`),
    [one, two],
    200,
  );
  assert.ok(one.seen.length > 0 && two.seen.length > 0);
  assert.equal(new Set([...one.subjects(), ...two.subjects()]).size, 200);
});

test('With fanout every node runs each message', async () => {
  await using one = await join(specOn(['all.*'], { fanout: true }));
  await using two = await join(specOn(['all.*'], { fanout: true }));
  await publishAll(['all.a', 'all.b'], [one, two], 4);
  assert.deepEqual(one.subjects(), ['all.a', 'all.b']);
  assert.deepEqual(two.subjects(), ['all.a', 'all.b']);
});

test('With fanout a node that listens twice for a moment runs each message once', async () => {
  await using one = await join(specOn(['all.*'], { fanout: true }), 'N');
  await using two = await join(specOn(['all.*'], { fanout: true }), 'N');
  await using other = await join(specOn(['all.*'], { fanout: true }));
  const subjects = Array.from({ length: 50 }, (_, index) => `all.${index}`);
  await publishAll(subjects, [one, two, other], 100);
  assert.deepEqual(new Set([...one.subjects(), ...two.subjects()]), new Set(subjects));
  assert.deepEqual(other.subjects(), subjects);
});

test('Two functions on one subject are two queue groups', async () => {
  await using one = await join(specOn(['both.>'], { name: 'one' }));
  await using two = await join(specOn(['both.>'], { name: 'two' }));
  await publishAll(['both.a', 'both.b'], [one, two], 4);
});

test('A message tells by which trigger it came', async () => {
  await using member = await join(specOn(['first.{a}', 'second.{b}', 'third']));
  await publishAll(['third', 'second.x', 'first.y'], [member], 3);
  const byTrigger = member.seen.map(({ triggerIndex, subject }) => `${triggerIndex} ${subject}`);
  assert.deepEqual(byTrigger.toSorted(), ['0 first.y', '1 second.x', '2 third']);
});

test('A new version keeps the subscriptions it shares with the old one, and drops the rest', async () => {
  await using member = await join(specOn(['kept.a', 'dropped.a']));
  const before = await member.update(specOn(['kept.a', 'dropped.a']));
  const after = await member.update(specOn(['added.a', 'kept.a']));
  assert.equal(after[1], before[0]);
  assert.ok(!before.includes(after[0] ?? -1));
  await publishAll(['kept.a', 'dropped.a', 'added.a'], [member], 2);
  const byTrigger = member.seen.map(({ triggerIndex, subject }) => `${triggerIndex} ${subject}`);
  assert.deepEqual(byTrigger.toSorted(), ['0 added.a', '1 kept.a']);
});

test('What is on its way for a trigger that is dropped goes to the last version that has it, by its place there', async () => {
  const before = specOn(['kept.a', 'leaving.{name}']);
  await using member = await join(before);
  const last: Invocation[] = [];
  const accept = member.seen.push.bind(member.seen);
  // In the midst of one read: what is behind the first message has come and is not handed over.
  member.seen.push = (...invocations) => {
    member.seen.push = accept;
    member.listener.update(specOn(['kept.a']), { spec: before, accept: (one) => void last.push(one) });
    return accept(...invocations);
  };
  for (let index = 0; index < 50; index += 1) nc.publish(`leaving.${index}`);
  await nc.flush();
  await until('all have come', () => member.seen.length + last.length === 50);
  await member.listener.released;
  assert.deepEqual(
    [...member.seen, ...last].map(({ subject, triggerIndex }) => `${triggerIndex} ${subject}`),
    Array.from({ length: 50 }, (_, index) => `1 leaving.${index}`),
  );
  assert.equal(member.seen.length, 1);
});

test('Between two versions no message is lost or run twice', async () => {
  await using member = await join(specOn(['steady.>']));
  for (let round = 0; round < 40; round += 1) {
    nc.publish(`steady.${round}`);
    await member.update(
      specOn(round % 2 === 0 ? ['steady.>', `extra.${round}`] : [`extra.${round}`, 'steady.>']),
    );
  }
  await publishAll([], [member], 40);
  assert.equal(new Set(member.subjects()).size, 40);
});

test('A trigger that turns to fanout is another subscription', async () => {
  await using member = await join(specOn(['turn.a']));
  const [before] = await member.update(specOn(['turn.a']));
  const [after] = await member.update(specOn(['turn.a'], { fanout: true }));
  assert.notEqual(after, before);
  await publishAll(['turn.a'], [member], 1);
});

test('After draining nothing is left, and a request is told that nobody listens', async () => {
  const member = await join(specOn(['drained.>']));
  nc.publish('drained.a');
  await nc.flush();
  await member.drain();
  assert.deepEqual(member.subjects(), ['drained.a']);
  await assert.rejects(nc.request('drained.b', '', { timeout: 2_000 }), /no responders/i);
  await member[Symbol.asyncDispose]();
});

test('A function without triggers listens on nothing, and can still be handed a message', async () => {
  await using member = await join(specOn([]));
  member.listener.deliver(INVOKE_TRIGGER, '', '_INBOX.x', undefined, new Uint8Array(0));
  assert.equal(member.seen.length, 1);
  assert.deepEqual(await member.update(specOn([])), []);
});
