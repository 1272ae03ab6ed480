import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { wrapScript } from '../../src/host/bundle/index.ts';
import { parseNexfile } from '../../src/host/index.ts';
import { scriptOf } from '../../src/runtime/index.ts';
import { createTestPool } from '../support/functions.ts';
import { codeBlocks } from '../support/markdown.ts';
import { createSpec } from '../support/spec.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const blocks = globSync(['docs/*.md', 'examples/*/README.md'], { cwd: ROOT }).flatMap((file) =>
  codeBlocks(join(ROOT, file)).map((block) => ({ ...block, place: `${file}:${block.line}` })),
);

test('Every function that the documents show loads and has its handler', async () => {
  const functions = blocks.filter(
    ({ language, text }) => language === 'js' && text.includes('export default'),
  );
  assert.ok(functions.length >= 3);
  using pool = createTestPool();
  for (const { text, place } of functions) {
    const { artifact } = await wrapScript(text);
    const isolate = pool.create({ memoryBytes: 16 * 1024 ** 2 });
    const handlers = isolate.load(scriptOf(artifact.code, 'snippet.js'), {
      ...createSpec(),
      bindings: {},
      budgetMs: 5,
    });
    assert.deepEqual(handlers, [text.includes('fetch(request') ? 'fetch' : 'message'], place);
    isolate[Symbol.dispose]();
  }
});

test('Every whole Nexfile that the documents show is accepted', () => {
  const nexfiles = blocks.filter(({ language, text }) => language === 'yaml' && /^name:/m.test(text));
  assert.ok(nexfiles.length >= 1);
  for (const { text, place } of nexfiles) assert.ok(parseNexfile(text, place).name, place);
});
