import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { createCurve, createServer } from '@nats-io/nkeys';
import { sealSecret } from '../../src/control/index.ts';
import { hairspringSubjects, type SealedSecret, secretKeyStatement } from '../../src/core/index.ts';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { ask, until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const TELL = handler('return env.API_KEY;');
const BOUND = { API_KEY: { secret: 'api-key' } };

const nats = await startTestNats();
after(() => nats[Symbol.asyncDispose]());
const nc = await connectTo(nats);
after(() => nc.close());
const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-secrets-'));
after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }));

/** Errors of the host's log that are about restoring. */
function leftOut({ logs }: TestHost): readonly (readonly string[])[] {
  return logs
    .filter(({ message }) => message === 'A function is not restored')
    .map(({ fields }) => [String(fields['name']), String(fields['error'])]);
}

test('A node that starts again has its secrets; one that was altered takes only its own functions along', async () => {
  {
    await using first = await startTestHost({ nats, dataDir });
    const client = first.client();
    await client.setSecret('api-key', 'value-of-the-api-key');
    await client.setSecret('dear', 'value-of-the-dear-one');
    await first.deploy({ name: 'kept', code: TELL, bindings: BOUND });
    await first.deploy({ name: 'robbed', code: TELL, bindings: { API_KEY: { secret: 'dear' } } });
    await first.deploy({ name: 'plain', code: handler('return "plain";') });
    const opened = await new Kvm(nc).open('hairspring-secrets');
    const { nodeId } = first.host;
    const stolen = await opened.get(`default.api-key.${nodeId}`);
    await opened.put(
      `default.dear.${nodeId}`,
      JSON.stringify({ ...stolen?.json<SealedSecret>(), name: 'dear' }),
    );
    await opened.put(`default.broken.${nodeId}`, '{}');
  }
  await using second = await startTestHost({ nats, dataDir });
  assert.equal((await second.ask('kept')).text, 'value-of-the-api-key');
  assert.equal((await second.ask('plain')).text, 'plain');
  assert.deepEqual(leftOut(second), [
    ['robbed', 'Cannot open secret "dear" of namespace "default": it was sealed with another name'],
  ]);
  assert.equal(second.logs.filter(({ message }) => message.includes('stored secret')).length, 1);
  const reason = 'Cannot open secret "dear" of namespace "default": it was sealed with another name';
  const [listed] = (await second.client().list()).filter(({ name }) => name === 'robbed');
  assert.deepEqual([listed?.workload_state, listed?.metadata['hairspring_waiting']], ['error', reason]);
  assert.equal((await second.client().info('robbed')).waiting, reason);
  const { nodes } = await second.client().setSecret('dear', 'value-set-again');
  assert.deepEqual(nodes[0]?.functions, ['robbed']);
  assert.equal((await second.ask('robbed')).text, 'value-set-again');
  await second.client().setSecret('dear', 'value-set-once-more');
  assert.equal((await second.ask('robbed')).text, 'value-set-once-more');
  assert.equal((await second.client().info('robbed')).waiting, undefined);
});

test('A cell that takes the place of a dead one has the newest secrets', async () => {
  await using host = await startTestHost({ nats, dataDir });
  const client = host.client('crash');
  await client.setSecret('api-key', 'value-before');
  await host.deploy({ name: 'mortal', code: TELL, bindings: BOUND, namespace: 'crash' });
  await client.setSecret('api-key', 'value-after');
  for (const pid of host.host.cellPids()) process.kill(pid, 'SIGKILL');
  const answer = await until('another cell serves', async () => {
    const said = await host.ask('mortal');
    return said.outcome === 'ok' && said;
  });
  assert.equal(answer.text, 'value-after');
});

test('Another node serves a function as soon as the secret is sealed to it as well', async () => {
  await using first = await startTestHost({ nats, dataDir });
  const namespace = 'two';
  await first.client(namespace).setSecret('api-key', 'value-for-the-first');
  await first.deploy({ name: 'shared', code: TELL, bindings: BOUND, namespace });
  await using second = await startTestHost({ nats });
  const secretLists = await second.client(namespace).listSecrets();
  assert.deepEqual(
    secretLists.map(({ name, nodes, missingOn }) => ({ name, nodes, missingOn })),
    [{ name: 'api-key', nodes: [first.host.nodeId], missingOn: [second.host.nodeId] }],
  );
  assert.ok(
    leftOut(second).some(([name, error = '']) => name === 'shared' && /is not set on node/.test(error)),
  );
  const replies = await Promise.all(Array.from({ length: 16 }, () => ask(nc, 'shared')));
  const [listed] = await second.client(namespace).list();
  assert.equal(listed?.metadata['hairspring_waiting'], undefined);
  assert.equal((await second.client(namespace).info('shared')).nodeId, first.host.nodeId);
  assert.ok(replies.every(({ text }) => text === 'value-for-the-first'));

  const entry = await (await new Kvm(nc).open('hairspring-secrets')).get(
    `${namespace}.api-key.${first.host.nodeId}`,
  );
  const foreign = await nc.request(
    hairspringSubjects.secretSet(namespace, second.host.nodeId),
    entry?.value ?? '',
  );
  assert.equal(foreign.headers?.get('Hairspring-Error'), 'HS_SECRET_RECIPIENT');

  const { nodes } = await second.client(namespace).setSecret('api-key', 'value-for-both');
  assert.deepEqual(
    nodes.map(({ nodeId, functions }) => [nodeId, functions]).sort(),
    [
      [first.host.nodeId, ['shared']],
      [second.host.nodeId, ['shared']],
    ].sort(),
  );
  const later = await Promise.all(Array.from({ length: 16 }, () => ask(nc, 'shared')));
  assert.ok(later.every(({ text }) => text === 'value-for-both'));
  const only = await second.client(namespace).setSecret('one-node', 'value', { nodes: [second.host.nodeId] });
  assert.deepEqual(
    only.nodes.map(({ nodeId }) => nodeId),
    [second.host.nodeId],
  );
  const absent = createServer().getPublicKey();
  await assert.rejects(second.client(namespace).setSecret('one-node', 'value', { nodes: [absent] }), {
    code: 'HS_NO_NODE',
  });
});

test('A function that waits for a secret can be undeployed, and then the secret can be deleted', async () => {
  const namespace = 'given-up';
  const other = await mkdtemp(join(tmpdir(), 'hairspring-secrets-'));
  after(() => rm(other, { recursive: true, force: true, maxRetries: 3 }));
  await using own = await startTestNats();
  {
    await using first = await startTestHost({ nats: own, dataDir: other });
    await first.client(namespace).setSecret('api-key', 'value-of-a-lost-node');
    await first.deploy({ name: 'lost', code: TELL, bindings: BOUND, namespace });
    await rm(join(other, 'node.xseed'));
  }
  await using second = await startTestHost({ nats: own, dataDir: other });
  const client = second.client(namespace);
  assert.match((await client.info('lost')).waiting ?? '', /it is sealed to another key/);
  assert.equal((await second.ask('lost')).outcome, 'no responders');
  await client.undeploy('lost');
  assert.deepEqual(await client.list(), []);
  await client.deleteSecret('api-key');
  assert.deepEqual(await client.listSecrets(), []);
});

test('Nothing is sealed to a key that the node has not signed', async () => {
  await using host = await startTestHost({ nats, dataDir });
  const namespace = 'rogue';
  const rogue = createServer();
  const xkey = createCurve().getPublicKey();
  const sign = (statement: Uint8Array): string => Buffer.from(rogue.sign(statement)).toString('base64');
  const { nodeId } = host.host;
  const forged = {
    'the key of a node that it is not': {
      node_id: nodeId,
      namespace,
      xkey,
      signature: sign(secretKeyStatement(nodeId, namespace, xkey)),
    },
    'its own key for another namespace': {
      node_id: rogue.getPublicKey(),
      namespace,
      xkey,
      signature: sign(secretKeyStatement(rogue.getPublicKey(), 'other', xkey)),
    },
    'a node id that is none': { node_id: 'rogue', namespace, xkey, signature: '' },
  };
  let sets = 0;
  const watcher = nc.subscribe(hairspringSubjects.secretSet(namespace, '*'), {
    callback: () => {
      sets += 1;
    },
  });
  for (const [what, answer] of Object.entries(forged)) {
    const liar = nc.subscribe(hairspringSubjects.secretKey(namespace), {
      callback: (_error, msg) => void msg.respond(JSON.stringify(answer)),
    });
    await nc.flush();
    await assert.rejects(
      host.client(namespace).setSecret('api-key', 'value-for-nobody'),
      { code: 'HS_SECRET_KEY_UNTRUSTED' },
      what,
    );
    liar.unsubscribe();
    await nc.flush();
  }
  assert.equal(sets, 0);
  await host.client(namespace).setSecret('api-key', 'value-for-the-node');
  await nc.flush();
  assert.equal(sets, 1);
  watcher.unsubscribe();
});

test('A value that no environment can hold is refused before it leaves', async () => {
  await using host = await startTestHost({ nats, dataDir });
  const client = host.client();
  for (const value of ['', 'a\0b', 'x'.repeat(64 * 1024 + 1), '\ud800'])
    await assert.rejects(client.setSecret('api-key', value), { code: 'HS_SECRET_INVALID' });
  await assert.rejects(client.setSecret('a.b', 'value'), { code: 'HS_SECRET_INVALID' });
  const largest = '\u0001'.repeat(64 * 1024);
  await client.setSecret('api-key', largest);
  await host.deploy({ name: 'large', code: handler('return String(env.API_KEY.length);'), bindings: BOUND });
  assert.equal((await host.ask('large')).text, String(64 * 1024));
});

test('What could not be read when the node starts again is refused where no cell could find that out', async () => {
  await using host = await startTestHost({ nats, dataDir });
  const namespace = 'nobody';
  const client = host.client(namespace);
  await client.setSecret('api-key', 'value-of-the-api-key');
  const key = (await nc.request(hairspringSubjects.secretKey(namespace))).json<{ readonly xkey: string }>();
  const secret = sealSecret({ namespace, name: 'api-key', value: 'value', setAt: new Date() }, key.xkey);
  const answer = await nc.request(
    hairspringSubjects.secretSet(namespace, host.host.nodeId),
    JSON.stringify({ ...secret, sealed: 'no Base64' }),
  );
  assert.equal(answer.headers?.get('Hairspring-Error'), 'HS_REQUEST_INVALID');
  await host.deploy({ name: 'left-alone', code: TELL, bindings: BOUND, namespace });
  assert.equal((await host.ask('left-alone')).text, 'value-of-the-api-key');
});

test('What is inside the box is checked as what is outside is', async () => {
  await using host = await startTestHost({ nats, dataDir });
  const namespace = 'inside';
  await host.client(namespace).setSecret('api-key', 'value-of-the-api-key');
  await host.deploy({ name: 'inside', code: TELL, bindings: BOUND, namespace });
  const key = (await nc.request(hairspringSubjects.secretKey(namespace))).json<{ readonly xkey: string }>();
  const send = async (secret: SealedSecret): Promise<string> => {
    const answer = await nc.request(
      hairspringSubjects.secretSet(namespace, host.host.nodeId),
      JSON.stringify(secret),
    );
    return answer.headers?.get('Hairspring-Error') ?? '';
  };
  const whole = { namespace: 'default', name: 'api-key', value: 'value', setAt: new Date() };
  assert.equal(await send(sealSecret(whole, key.xkey)), 'HS_SECRET_MISMATCH');
  const raw = (text: string): SealedSecret => {
    const sender = createCurve();
    const box = sender.seal(new TextEncoder().encode(text), key.xkey);
    const label = { name: 'api-key', id: 'id', setAt: new Date().toISOString() };
    return {
      ...label,
      recipient: key.xkey,
      sender: sender.getPublicKey(),
      sealed: Buffer.from(box).toString('base64'),
    };
  };
  for (const text of ['', 'null', '[]', '{', '{"name":"api-key"}', '"text"'])
    assert.equal(await send(raw(text)), 'HS_SECRET_DAMAGED', text);
  assert.equal((await host.ask('inside')).text, 'value-of-the-api-key');
});
