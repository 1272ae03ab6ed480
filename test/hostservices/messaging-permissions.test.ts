import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { hairspringSubjects } from '../../src/core/index.ts';
import { bindingPermissions } from '../../src/hostservices/permissions.ts';
import {
  listenTo,
  type MessagingHandle,
  messagingBinding,
  openMessaging,
  textOfResult,
} from '../support/messaging.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

const GRANT = messagingBinding({ publish: ['out.*'], request: ['ask.>'], call: ['callee'] });
/** What a bridge would let through that checks nothing. */
const WIDE = { publish: ['>'], request: ['>'], call: ['callee', 'other'] };
const PREFIX = '_INBOX_w';

let server: TestNats;
let folder: string;
let all: NatsConnection;
let nc: NatsConnection;
let bus: MessagingHandle;
const heard: string[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-permissions-'));
  const { publish } = bindingPermissions(GRANT, 'mine');
  const config = join(folder, 'nats.conf');
  await writeFile(
    config,
    `authorization { users: [
      { user: all, password: all }
      { user: w, password: w, permissions: { publish: ${JSON.stringify(publish)}, subscribe: ["${PREFIX}.>"] } }
    ] }`,
  );
  server = await startTestNats({ extraArguments: ['-c', config] });
  all = await connectTo(server, { user: 'all', pass: 'all' });
  nc = await connectTo(server, { user: 'w', pass: 'w', inboxPrefix: PREFIX });
  const manager = await jetstreamManager(all);
  await manager.streams.add({ name: 'OUT', subjects: ['out.*', 'forbidden.kept'] });
  for (const subject of ['out.*', 'forbidden.>', 'evil.>'])
    await listenTo(all, subject, (message) => {
      heard.push(message.subject);
      // Of all others the stream is the one that answers.
      if (message.subject === 'forbidden.asked') message.respond('leaked');
    });
  for (const subject of ['ask.>', 'callee', 'other'].map((name) =>
    name === 'ask.>' ? name : hairspringSubjects.invoke('mine', name),
  ))
    await listenTo(all, subject, (message) => message.respond(`from ${message.subject}`));
  await listenTo(all, hairspringSubjects.invoke('neighbour', 'callee'), (message) =>
    message.respond('leaked'),
  );
  bus = openMessaging(nc, WIDE, { inboxPrefix: PREFIX, calls: { namespace: 'mine' } });
});

after(async () => {
  for (const connection of [nc, all]) await connection?.close();
  await server?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test('A user with the permissions of a binding and an inbox of its own can do all that the binding grants', async () => {
  await bus.call('publish', ['out.plain', '0'], 'x');
  await nc.flush();
  await all.flush();
  assert.ok(heard.includes('out.plain'));
  const { value } = await bus.call('publishAcked', ['out.kept', '0', '', 'id'], 'x');
  assert.deepEqual(value, { stream: 'OUT', sequence: 2, duplicate: false });
  assert.equal(textOfResult(await bus.call('request', ['ask.a.b', '0'])), 'from ask.a.b');
  const many = await bus.call('requestMany', ['ask.c', '0', '', 1]);
  assert.equal(textOfResult(await bus.call('next', [many.value as number])), 'from ask.c');
  const invoke = hairspringSubjects.invoke('mine', 'callee');
  assert.equal(textOfResult(await bus.call('call', ['callee', '0'])), `from ${invoke}`);
});

test('Without the bridge in front of it the server refuses everything else', async () => {
  const denied: readonly (readonly [string, readonly string[]])[] = [
    ['publish', ['forbidden.told', '0']],
    ['publishAcked', ['forbidden.kept', '0']],
    ['publishAcked', ['out.two.tokens', '0']],
    ['request', ['forbidden.asked', '0']],
    ['request', ['ask', '0']],
    ['call', ['other', '0']],
  ];
  for (const [op, args] of denied)
    assert.equal((await bus.refused(op, args)).code, 'HS_BINDING_DENIED', `${op} ${args[0]}`);
  const many = await bus.call('requestMany', ['forbidden.asked', '0']);
  assert.equal((await bus.refused('next', [many.value as number])).code, 'HS_BINDING_DENIED');
  const neighbour = openMessaging(nc, WIDE, { inboxPrefix: PREFIX, calls: { namespace: 'neighbour' } });
  assert.equal((await neighbour.refused('call', ['callee', '0'])).code, 'HS_BINDING_DENIED');
  await nc.flush();
  await all.flush();
  assert.deepEqual(
    heard.filter((subject) => !subject.startsWith('out.')),
    [],
  );
});

test('Replies come below the inbox of the user, and nowhere else', async () => {
  const replies: string[] = [];
  await listenTo(all, 'ask.reply', (message) => {
    replies.push(message.reply ?? '');
    message.respond();
  });
  await bus.call('request', ['ask.reply', '0']);
  const many = await bus.call('requestMany', ['ask.reply', '0', '', 1]);
  await bus.call('next', [many.value as number]);
  assert.equal(replies.length, 2);
  for (const reply of replies) assert.ok(reply.startsWith(`${PREFIX}.`), reply);
});
