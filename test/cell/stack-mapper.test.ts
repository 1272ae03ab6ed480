import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArtifactReader, artifactFile } from '../../src/cell/artifact-reader.ts';
import { StackMapper } from '../../src/cell/stack-mapper.ts';
import type { FunctionSpec } from '../../src/core/index.ts';
import { createSpec } from '../support/spec.ts';

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

test('A frame is put where the author wrote it, and the frames of the runtime are left out', () => {
  const mapper = new StackMapper(new ArtifactReader(dir));
  assert.equal(mapper.map(deployed(mapOf(FIRST)), STACK), 'Error: no\n    at message (src/a.ts:3:5)');
});

test('A map that is too large is not read', () => {
  const mapper = new StackMapper(new ArtifactReader(dir));
  const spec = deployed(mapOf(`${FIRST}${',AAAA'.repeat(500_000)}`));
  assert.equal(mapper.map(spec, STACK), 'Error: no\n    at message (probe.js:1:1)');
});

test('A stack made to be slow to read is cut and costs next to nothing', () => {
  const mapper = new StackMapper(new ArtifactReader(dir));
  const spec = deployed(mapOf(FIRST));
  const digits = `probe.js:${'1'.repeat(8_100)}x`;
  const startedMs = performance.now();
  for (let round = 0; round < 100; round += 1) assert.ok(mapper.map(spec, digits).length <= 300);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 1_000, `100 stacks took ${Math.round(tookMs)} ms`);
  assert.ok(mapper.map(spec, `probe.js:1:1\n${'y\n'.repeat(5e6)}`).length < 10_000);
});
