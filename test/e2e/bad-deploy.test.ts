import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { startTestHost, type TestFunction } from '../support/host.ts';
import { ABORT } from '../support/killer.ts';

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
const { ask, deploy } = world;
const client = world.client();

const GOOD: TestFunction = {
  name: 'steady',
  code: 'let calls = 0; export default { message: () => "good " + ++calls };',
};
await deploy(GOOD);
let calls = 0;

/** The old version goes on, in the very instance that it had, and nothing of the new one is stored. */
async function assertUnchanged(before: unknown): Promise<void> {
  calls += 1;
  const answer = await ask('steady');
  assert.deepEqual([answer.outcome, answer.text], ['ok', `good ${calls}`]);
  assert.deepEqual((await client.info('steady')).definition, before);
  const manager = await jetstreamManager(world.nc);
  const { state } = await manager.streams.info('KV_hairspring-functions');
  assert.equal(state.messages, 1);
}

const BAD: readonly { what: string; change: Partial<TestFunction>; code: string }[] = [
  {
    what: 'throws at its top level',
    change: { code: 'throw new Error("not today");' },
    code: 'HS_FUNCTION_LOAD',
  },
  { what: 'is said to be of another type', change: { type: 'wasm' }, code: 'HS_ARTIFACT_CORRUPT' },
  { what: 'has a syntax error', change: { code: 'export default {' }, code: 'HS_SOURCE_INVALID' },
  { what: 'exports no handler', change: { code: 'export const a = 1;' }, code: 'HS_HANDLER_MISSING' },
  {
    what: 'throws megabytes at its top level',
    change: { code: `throw new Error('y'.repeat(20e6)); export default { message() {} };` },
    code: 'HS_FUNCTION_LOAD',
  },
  { what: 'never ends its top level', change: { code: 'for (;;) {}' }, code: 'HS_FUNCTION_LOAD' },
  {
    what: 'never ends its top level in a way that ignores termination',
    change: {
      code: 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); export default { message() {} };',
    },
    code: 'HS_FUNCTION_LOAD',
  },
  {
    what: 'crashes at its top level',
    change: { code: `${ABORT}; export default { message() {} };` },
    code: 'HS_FUNCTION_LOAD',
  },
  {
    what: 'fills the memory at its top level',
    change: {
      code: 'const all = []; for (;;) all.push(new Array(1e5).fill(all.length + 0.5));',
      limits: { memory: '8MiB' },
    },
    code: 'HS_FUNCTION_MEMORY',
  },
  { what: 'listens on $SYS', change: { triggers: ['$SYS.>'] }, code: 'HS_TRIGGER_FORBIDDEN' },
  { what: 'has a limit out of range', change: { limits: { cpu: '1h' } }, code: 'HS_NEXFILE_INVALID' },
  {
    what: 'needs a bucket that is not there',
    change: { bindings: { B: { kv: 'nowhere', existing: true } } },
    code: 'HS_KV_BUCKET_MISSING',
  },
];

for (const { what, change, code } of BAD) {
  test(`A deploy that ${what} is refused and changes nothing`, async () => {
    const before = (await client.info('steady')).definition;
    await assert.rejects(deploy({ ...GOOD, ...change }), { code });
    await assertUnchanged(before);
    await assert.rejects(deploy({ ...GOOD, ...change, name: 'newcomer' }), { code });
    assert.equal((await ask('newcomer')).outcome, 'no responders');
    await assertUnchanged(before);
  });
}
