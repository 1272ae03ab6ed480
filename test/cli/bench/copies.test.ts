import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { distinct } from '../../../src/cli/bench/copies.ts';
import type { JavaScriptArtifact, WasmArtifact } from '../../../src/core/index.ts';
import { digestOf, encodeArtifact } from '../../../src/host/index.ts';
import { EXAMPLES } from '../support/cli.ts';

test('A copy of a module is another artifact, and still a module with the same exports', async () => {
  const bytes = await readFile(join(EXAMPLES, 'wasm-upper', 'build', 'upper.wasm'));
  const module = bytes.toString('base64');
  const artifact: WasmArtifact = { format: 1, type: 'wasm', reuse: false, files: undefined, module };
  const exportsOf = (base64: string): unknown =>
    runInNewContext(
      'JSON.stringify(WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(bytes))))',
      { bytes: [...Buffer.from(base64, 'base64')] },
    );
  const copies = ['bench-copy-1', 'bench-copy-22'].map((name) => distinct(artifact, name));
  assert.equal(new Set([artifact, ...copies].map((each) => digestOf(encodeArtifact(each)))).size, 3);
  for (const copy of copies) assert.equal(copy.type === 'wasm' && exportsOf(copy.module), exportsOf(module));
});

test('A copy of a script is another artifact that does the same', () => {
  const artifact: JavaScriptArtifact = { format: 1, type: 'javascript', code: '1 + 1 // two', map: '' };
  const copy = distinct(artifact, 'copy');
  assert.ok(copy.type === 'javascript');
  assert.notEqual(copy.code, artifact.code);
  assert.equal(runInNewContext(copy.code), 2);
});
