import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { HairspringError } from '../../src/core/index.ts';
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

test('A deploy whose top level throws says where in the source', async () => {
  const code = `const table = undefined;\n\nfunction open() {\n  return table.rows;\n}\nopen();`;
  await assert.rejects(deploy({ ...GOOD, code }), {
    code: 'HS_FUNCTION_LOAD',
    message: /^Cannot load steady: TypeError: .*rows.* \(at \S+:4:16\)$/,
  });
});

test('A bucket for which the server has no room is not called full, and the remedy is about the server', async () => {
  for (const [binding, code] of [
    [{ kv: 'huge', maxBytes: '900000GB' }, 'HS_KV_BUCKET_FULL'],
    [{ objectstore: 'huge', maxBytes: '900000GB' }, 'HS_OBJECT_BUCKET_FULL'],
  ] as const) {
    await assert.rejects(deploy({ ...GOOD, bindings: { B: binding } }), (error) => {
      assert.ok(HairspringError.is(error));
      assert.equal(error.code, code);
      assert.match(error.message, /^Cannot make (?:bucket|object store) "huge": .*no room for it/);
      assert.match(error.hint ?? '', /storage on the NATS server/);
      return true;
    });
  }
});
