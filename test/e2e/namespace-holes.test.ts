/**
 * What NATS permissions do not hold back inside one namespace: the credential of a function or a cell, or of a caller,
 * used by hand. Each test is a line of the table in docs/security.md and asserts what is so today; when NATS or we
 * close a hole, its test fails and goes.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { headers } from '@nats-io/transport-node';
import { usersOf } from '../support/credentials.ts';
import { startTestHost } from '../support/host.ts';
import { kvBinding } from '../support/kv.ts';
import { listenTo, messagingBinding } from '../support/messaging.ts';
import { createStore, objectBinding } from '../support/objects.ts';
import { until } from '../support/turns.ts';

const world = await startTestHost({ accounts: true });
const stack = new AsyncDisposableStack();
after(async () => {
  await stack.disposeAsync();
  await world[Symbol.asyncDispose]();
});
const users = await usersOf(world, 'default', stack);
const owner = await users.asOwner();
const manager = await jetstreamManager(owner);
const READ = { B: kvBinding('mine', { access: 'read' }) };
const GET = '$JS.API.DIRECT.GET.KV_mine.$KV.mine.k';

async function makeBucket(name: string): Promise<KV> {
  const bucket = await new Kvm(owner).create(name, { allow_direct: true });
  await bucket.put('k', `of ${name}`);
  return bucket;
}

const mine = await makeBucket('mine');
await mine.put('empty', '');

test('A read grant writes a key of another bucket by a reply subject', async () => {
  const other = await makeBucket('written');
  const nc = await users.asFunction(READ);
  nc.publish(GET, '', { reply: '$KV.written.k' });
  await until(async () => (await other.get('k'))?.string() === 'of mine');
  const objects = await createStore(owner, 'photos');
  await objects.putBlob({ name: 'o' }, Buffer.from('of photos'));
  const reader = await users.asFunction({ B: objectBinding('photos', { access: 'read' }) });
  reader.publish('$JS.API.DIRECT.GET.OBJ_photos', JSON.stringify({ seq: 1 }), { reply: '$KV.written.o' });
  await until(async () => (await other.get('o'))?.string() === 'of photos');
});

test('A read grant empties and deletes another bucket by a reply subject', async () => {
  await makeBucket('lost');
  const nc = await users.asFunction(READ);
  const get = '$JS.API.DIRECT.GET.KV_mine.$KV.mine.empty';
  nc.publish(get, '', { reply: '$JS.API.STREAM.PURGE.KV_lost' });
  await until(async () => (await manager.streams.info('KV_lost')).state.messages === 0);
  nc.publish(get, '', { reply: '$JS.API.STREAM.DELETE.KV_lost' });
  await until(async () => !(await manager.streams.names().next()).includes('KV_lost'));
});

test('A write grant has its acknowledgement written to another bucket by a reply subject', async () => {
  const other = await makeBucket('acknowledged');
  const nc = await users.asFunction({ B: kvBinding('mine', { access: 'write', keys: 't.>' }) });
  nc.publish('$KV.mine.t.a', 'x', { reply: '$KV.acknowledged.k' });
  await until(async () => (await other.get('k'))?.string().includes('"stream":"KV_mine"') === true);
});

/** @returns the error that the server answers with */
async function createConsumer(bindings: typeof READ, config: object): Promise<string | undefined> {
  const nc = await users.asFunction(bindings);
  const request = { stream_name: 'KV_mine', config: { filter_subject: '$KV.mine.>', ...config } };
  const reply = await nc.request(
    '$JS.API.CONSUMER.CREATE.KV_mine.byhand.$KV.mine.>',
    JSON.stringify(request),
  );
  return reply.json<{ readonly error?: { readonly description: string } }>().error?.description;
}

test('A right to watch makes a consumer that sends to any subject', async () => {
  const heard: string[] = [];
  await listenTo(owner, 'orders.cancel', (message) => heard.push(message.string()));
  const config = { name: 'byhand', deliver_subject: 'orders.cancel', ack_policy: 'none' };
  assert.equal(await createConsumer(READ, config), undefined);
  await until(async () => heard.includes('of mine'));
  await manager.consumers.delete('KV_mine', 'byhand');
});

test('A right to watch leaves a durable consumer behind', async () => {
  const config = { durable_name: 'byhand', ack_policy: 'none' };
  assert.equal(await createConsumer(READ, config), undefined);
  assert.equal((await manager.consumers.info('KV_mine', 'byhand')).config.durable_name, 'byhand');
  await manager.consumers.delete('KV_mine', 'byhand');
});

test('A read grant takes from and deletes consumers that others have on its bucket, when it knows their names', async () => {
  await manager.consumers.add('KV_mine', {
    name: 'somebodys',
    ack_policy: 'none',
    filter_subject: '$KV.mine.k',
    inactive_threshold: 60e9,
  });
  const nc = await users.asFunction({ B: kvBinding('mine', { access: 'read', keys: 't.>' }) });
  const next = '$JS.API.CONSUMER.MSG.NEXT.KV_mine.somebodys';
  const taken = await nc.request(next, '1', { timeout: 5_000, noMux: true });
  assert.equal(taken.string(), 'of mine');
  await nc.request('$JS.API.CONSUMER.DELETE.KV_mine.somebodys');
  await assert.rejects(manager.consumers.info('KV_mine', 'somebodys'), /consumer not found/);
});

test('A right to publish has whoever answers there write anywhere by a reply subject', async () => {
  const other = await makeBucket('answered');
  await listenTo(owner, 'ask.owner', (message) => message.respond('by the responder'));
  const nc = await users.asFunction({ B: messagingBinding({ request: ['ask.>'] }) });
  nc.publish('ask.owner', '', { reply: '$KV.answered.k' });
  await until(async () => (await other.get('k'))?.string() === 'by the responder');
});

test('A right to publish and a right to request are one to NATS', async () => {
  await listenTo(owner, 'out.asked', (message) => message.respond('an answer'));
  const nc = await users.asFunction({ B: messagingBinding({ publish: ['out.>'] }) });
  assert.equal((await nc.request('out.asked')).string(), 'an answer');
});

test('A write grant of some keys empties the whole bucket by a roll-up header', async () => {
  const bucket = await makeBucket('rolled');
  const nc = await users.asFunction({ B: kvBinding('rolled', { access: 'write', keys: 't.>' }) });
  const all = headers();
  all.set('Nats-Rollup', 'all');
  await nc.request('$KV.rolled.t.a', '', { timeout: 5_000, headers: all });
  assert.equal(await bucket.get('k'), null);
});

test('A write grant of an object store shows what is said of its objects, and not their content', async () => {
  const store = await createStore(owner, 'notes');
  await store.putBlob({ name: 'o', description: 'a description' }, Buffer.from('content'));
  const nc = await users.asFunction({ B: objectBinding('notes', { access: 'write' }) });
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const subject = `$O.notes.M.${Buffer.from('o').toString('base64')}`;
  const said = await manager.direct.getMessage('OBJ_notes', { last_by_subj: subject });
  assert.match(said?.string() ?? '', /a description/);
  await assert.rejects(manager.direct.getMessage('OBJ_notes', { seq: 1 }), /permissions violation/i);
});

test('The user of a cell hears and says what the applications of its namespace do', async () => {
  const heard: string[] = [];
  const cell = await users.asCell();
  await listenTo(cell, 'orders.>', (message) => heard.push(message.subject));
  owner.publish('orders.made');
  await until(async () => heard.includes('orders.made'));
  await listenTo(owner, 'orders.cancelled', (message) => heard.push(`owner ${message.string()}`));
  cell.publish('orders.cancelled', 'by a cell');
  await until(async () => heard.includes('owner by a cell'));
});

test('Whoever may ask the control plane has its answer written to a bucket of the namespace by a reply subject', async () => {
  const bucket = await makeBucket('pinged');
  const caller = await users.asCaller(['$NEX.SVC.system.control.PING']);
  caller.publish('$NEX.SVC.system.control.PING', 'no JSON', { reply: '$KV.pinged.k' });
  await until(async () => (await bucket.get('k'))?.string().includes('HS_REQUEST_INVALID') === true);
});
