import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArtifactReader, artifactFile } from '../../src/cell/artifact-reader.ts';
import { SourceMaps } from '../../src/cell/source-maps.ts';
import { StackMapper } from '../../src/cell/stack-mapper.ts';
import { type FunctionSpec, HairspringError } from '../../src/core/index.ts';
import { cpuMsOf } from '../support/cpu.ts';
import { createSpec } from '../support/spec.ts';
import { until } from '../support/turns.ts';

const dir = mkdtempSync(join(tmpdir(), 'hairspring-maps-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function deployed(map: string): FunctionSpec {
  const bytes = Buffer.from(JSON.stringify({ format: 1, type: 'javascript', code: '', map }));
  const digest = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(artifactFile(dir, digest), bytes);
  return { ...createSpec(), artifact: { digest, bytes: bytes.length } };
}

/** Generated line 1, column 1 is line 3, column 5 of the source. */
const mapOf = (mappings: string): string =>
  JSON.stringify({ version: 3, sources: ['src/a.ts'], names: [], mappings });
const FIRST = 'AAEI';
const STACK = 'Error: no\n    at message (probe.js:1:1)\n    at dispatch (hairspring:prelude:5:6)';

const createMapper = (): StackMapper => new StackMapper(new SourceMaps(new ArtifactReader(dir)));

test('A frame is put where the author wrote it, and the frames of the runtime are left out', () => {
  const mapper = createMapper();
  assert.equal(mapper.map(deployed(mapOf(FIRST)), STACK), 'Error: no\n    at message (src/a.ts:3:5)');
});

test('A stack made to be slow to read is cut and costs next to nothing', () => {
  const mapper = createMapper();
  const spec = deployed(mapOf(FIRST));
  const digits = `probe.js:${'1'.repeat(8_100)}x`;
  const tookMs = cpuMsOf(() => {
    for (let round = 0; round < 100; round += 1) assert.ok(mapper.map(spec, digits).length <= 300);
  });
  assert.ok(tookMs < 1_000, `100 stacks took ${Math.round(tookMs)} ms`);
  assert.ok(mapper.map(spec, `probe.js:1:1\n${'y\n'.repeat(5e6)}`).length < 10_000);
});

test('Text of a log is as it was but for the frames in it', () => {
  const mapper = createMapper();
  const spec = deployed(mapOf(FIRST));
  const text = `seen at probe.js:1:1\n\n${'y'.repeat(400)}\n      at f (probe.js:1:1)\n  at g (hairspring:prelude:1:1)\nend`;
  const mapped = text.replace('f (probe.js:1:1)', 'f (src/a.ts:3:5)').replace(/ {2}at g .*\n/, '');
  assert.equal(mapper.mapText(spec, text), mapped);
  assert.equal(mapper.mapText(spec, 'nothing of it'), 'nothing of it');
});

test('A source that has the name of the function is not looked up again', () => {
  const mapper = createMapper();
  const map = mapOf(FIRST).replace('src/a.ts', 'src/probe.js');
  assert.equal(mapper.map(deployed(map), STACK), 'Error: no\n    at message (src/probe.js:3:5)');
});

test('That a map is too large is said once, and a map of a large artifact is there the next time', async () => {
  const mapper = createMapper();
  const large = deployed(mapOf(`${FIRST}${',AAAA'.repeat(500_000)}`));
  await until(() => mapper.map(large, STACK).includes('source map is larger than the 2MiB'));
  assert.equal(mapper.map(large, STACK), 'Error: no\n    at message (probe.js:1:1)');
  const middling = deployed(mapOf(`${FIRST}${',AAAA'.repeat(80_000)}`));
  assert.equal(mapper.map(middling, STACK), 'Error: no\n    at message (probe.js:1:1)');
  await until(() => mapper.map(middling, STACK).includes('src/a.ts:3:5'));
});

test('Code that cannot be loaded is said to throw at a place of its own, and at none of the host', () => {
  const mapper = createMapper();
  const spec = deployed(mapOf(FIRST));
  const located = (stack: string): string => {
    const cause = Object.assign(new Error('no'), { stack });
    return HairspringError.from(
      mapper.located(spec, new HairspringError('HS_FUNCTION_LOAD', 'no', { cause })),
    ).message;
  };
  const host = '    at GuestIsolate.load (/srv/hairspring/guest-isolate.ts:1:2)';
  assert.equal(located(`Error: no\n${host}\n    at probe.js:1:1`), 'no (at src/a.ts:3:5)');
  assert.equal(located(`Error: no\n${host}\n    at (<isolated-vm boundary>)\n${host}`), 'no');
});
