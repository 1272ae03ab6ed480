import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { DefinitionStore } from '../../src/host/deployments/definition-store.ts';
import { until } from '../support/load.ts';
import { startNatsOfFile } from '../support/nats-of-file.ts';
import { createDefinition } from '../support/spec.ts';

const { nc } = await startNatsOfFile();
const STREAM = 'KV_hairspring-functions';
const KEY = '$KV.hairspring-functions.default.f';

const DEFINITION = createDefinition({ name: 'f' });

test('A definition is read as it is stored, and not as a copy that lags behind has it', async () => {
  const store = await DefinitionStore.open(nc);
  const revision = await store.put(DEFINITION, 0);
  const manager = await jetstreamManager(nc);
  const next = await store.put({ ...DEFINITION, name: 'g' }, 0);
  // It answers as a replica does that knows nothing of the first.
  await manager.streams.add({
    name: 'lagging',
    mirror: { name: STREAM, opt_start_seq: next },
    allow_direct: true,
    mirror_direct: true,
  });
  const isFoundDirectly = async (): Promise<boolean> =>
    (await manager.direct.getMessage(STREAM, { last_by_subj: KEY })) !== null;
  await until('the copy answers', async () => !(await isFoundDirectly()));
  const read = await Promise.all(Array.from({ length: 50 }, () => store.get('default', 'f')));
  assert.deepEqual(new Set(read.map((one) => one?.revision)), new Set([revision]));
});

test('A name that has wildcards reads nothing', async () => {
  const store = await DefinitionStore.open(nc);
  assert.notEqual(await store.get('default', 'f'), undefined);
  for (const name of ['*', '>', 'h']) assert.equal(await store.get('default', name), undefined, name);
});

test('Whoever stores in the place of what is not there any more hears of the other one', async () => {
  const store = await DefinitionStore.open(nc);
  const stored = await store.get('default', 'f');
  assert.ok(stored !== undefined);
  const conflict = { code: 'HS_DEPLOY_CONFLICT' };
  await assert.rejects(store.put(stored.definition, stored.revision - 1), conflict);
  await assert.rejects(store.put(stored.definition, 0), conflict);
});
