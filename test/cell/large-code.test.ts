/** The code of large functions is read without holding the thread of the cell. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArtifactReader, artifactFile } from '../../src/cell/artifact-reader.ts';
import { CodeStore } from '../../src/cell/code-store.ts';
import { type Artifact, type FunctionSpec, HairspringError } from '../../src/core/index.ts';
import { digestOf, encodeArtifact } from '../../src/host/bundle/index.ts';
import { FunctionRunner } from '../../src/runtime/index.ts';
import { callRunner, createTestFunction, handlerOf, textOf } from '../support/functions.ts';
import { createSpec } from '../support/spec.ts';
import { turns, until } from '../support/turns.ts';
import { reactor, toWasm } from '../support/wasm.ts';

const dir = mkdtempSync(join(tmpdir(), 'hairspring-large-'));
after(() => rmSync(dir, { recursive: true }));

const CODE = handlerOf('return "read"', `// ${'x'.repeat(400_000)}`);

function store(artifact: Artifact): FunctionSpec {
  const bytes = encodeArtifact(artifact);
  const ref = { digest: digestOf(bytes), bytes: bytes.length };
  writeFileSync(artifactFile(dir, ref.digest), bytes);
  return { ...createSpec({ type: artifact.type }), artifact: ref };
}

const storeScript = (code: string): FunctionSpec => store({ format: 1, type: 'javascript', code, map: '' });
const openStore = (): CodeStore => new CodeStore(new ArtifactReader(dir), dir);

/** A function that takes its code from `codes`. */
function serve(spec: FunctionSpec, codes: CodeStore) {
  const probe = createTestFunction('');
  const runner = new FunctionRunner(spec, new Map(), { ...probe.dependencies, readCode: codes.code });
  return {
    runner,
    call: async () => await callRunner(runner),
    [Symbol.dispose](): void {
      runner.dispose(new HairspringError('HS_DRAINING', 'Over'));
      probe[Symbol.dispose]();
    },
  };
}

test('Large code is there later, read once for all who ask, and then at once', async () => {
  const spec = storeScript(CODE);
  const codes = openStore();
  const asked = [codes.code(spec), codes.code(spec)];
  assert.ok(asked.every((each) => each instanceof Promise));
  assert.deepEqual(await Promise.all(asked), [CODE, CODE]);
  assert.equal(codes.code(spec), CODE);
  const small = storeScript(handlerOf('return "small"'));
  assert.equal(typeof codes.code(small), 'string');
});

test('Calls that come while large code is read are answered when it is there', async () => {
  using served = serve(storeScript(CODE), openStore());
  const answers = await Promise.all([served.call(), served.call(), served.call()]);
  assert.deepEqual(new Set(answers.map(textOf)), new Set(['read']));
  assert.equal(served.runner.stats().coldStarts, 1);
});

test('A large artifact that is altered, or not there, fails the calls, and is tried again', async () => {
  const spec = storeScript(`${CODE}//`);
  const file = artifactFile(dir, spec.artifact.digest);
  using served = serve(spec, openStore());
  const codeOf = async (): Promise<string> => {
    const answer = await served.call();
    return answer.ok ? answer.text : answer.error.code;
  };
  writeFileSync(file, 'x'.repeat(400_000));
  assert.equal(await codeOf(), 'HS_ARTIFACT_CORRUPT');
  rmSync(file);
  assert.equal(await codeOf(), 'HS_ARTIFACT_MISSING');
  storeScript(`${CODE}//`);
  assert.equal(await codeOf(), 'read');
});

test('A function that is given up while its code is read answers once, and wakes nothing', async () => {
  using served = serve(storeScript(`${CODE}///`), openStore());
  const call = served.call();
  await turns(2);
  served.runner.dispose(new HairspringError('HS_DRAINING', 'Over'));
  const answer = await call;
  assert.equal(answer.ok ? '' : answer.error.code, 'HS_DRAINING');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(served.runner.warm, false);
});

test('A large module is compiled beside the thread, and one that is damaged is refused in the same words', async () => {
  const text = reactor('(call $reply_write (i32.const 600) (i32.const 2))', '(data (i32.const 600) "ok")');
  const whole = toWasm(text);
  // A custom section that nobody reads.
  const padding = Buffer.alloc(400_000);
  const section = Buffer.concat([Buffer.from([0, 0x81, 0xb5, 0x18, 0]), padding]);
  const module = (bytes: Uint8Array): FunctionSpec =>
    store({ format: 1, type: 'wasm', module: Buffer.from(bytes).toString('base64'), reuse: false });
  const spec = module(Buffer.concat([whole, section]));
  using served = serve(spec, openStore());
  assert.equal(textOf(await served.call()), 'ok');
  const damaged = Buffer.concat([whole, section]);
  const codeAt = damaged.indexOf(Buffer.from([0x0a])) + 8;
  damaged.fill(0xff, codeAt, codeAt + 4);
  const codes = openStore();
  const bad = module(damaged);
  const later = await Promise.resolve(codes.code(bad)).then(
    () => 'compiled',
    (error: Error) => error.message,
  );
  assert.throws(() => codes.codeOnce(bad), { code: 'HS_WASM_INVALID', message: later });
});

test('Large code is read ahead, too', async () => {
  const spec = storeScript(`${CODE}////`);
  const codes = openStore();
  codes.preload([spec]);
  await until(() => codes.bytes >= 400_000);
  assert.equal(typeof codes.code(spec), 'string');
});
