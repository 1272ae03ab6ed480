import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArtifactReader, artifactFile } from '../../src/cell/artifact-reader.ts';
import { SourceMaps } from '../../src/cell/source-maps.ts';
import type { Artifact, FunctionSpec } from '../../src/core/index.ts';
import { digestOf, encodeArtifact } from '../../src/host/bundle/index.ts';
import { createSpec } from '../support/spec.ts';
import { until } from '../support/turns.ts';

const dir = mkdtempSync(join(tmpdir(), 'hairspring-source-maps-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const LARGE_BYTES = 400_000;
const SCRIPT: Artifact = { format: 1, type: 'javascript', code: '', map: '' };

function store(artifact: Artifact): FunctionSpec {
  const bytes = encodeArtifact(artifact);
  const digest = digestOf(bytes);
  writeFileSync(artifactFile(dir, digest), bytes);
  return { ...createSpec(), artifact: { digest, bytes: bytes.length } };
}

test('A large WebAssembly module is read no more than once to find that it has no map', async () => {
  const module = Buffer.alloc(LARGE_BYTES).toString('base64');
  const spec = store({ format: 1, type: 'wasm', module, reuse: false });
  const maps = new SourceMaps(new ArtifactReader(dir));
  assert.equal(maps.of(spec), 'unread');
  await until(() => maps.of(spec) === 'none');
});

test('Of functions without a map no more are remembered than so many', () => {
  const maps = new SourceMaps(new ArtifactReader(dir));
  const first = { ...createSpec(), artifact: { digest: 'first', bytes: LARGE_BYTES } };
  maps.keep('first', SCRIPT);
  assert.equal(maps.of(first), 'none');
  for (let next = 0; next < 2_100; next += 1) maps.keep(`digest ${next}`, SCRIPT);
  assert.equal(maps.of(first), 'unread');
});
