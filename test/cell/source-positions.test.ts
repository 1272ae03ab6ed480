/** Places by a source map are those that Node finds, for maps as the bundler makes them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SourcePositions } from '../../src/cell/source-positions.ts';
import { bundleFunction } from '../../src/host/bundle/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairspring-positions-'));
after(() => rmSync(folder, { recursive: true }));

test('Every place of a bundle is found where Node finds it', async () => {
  const modules = Array.from({ length: 5 }, (_, index) => `m${index}`);
  for (const name of modules) {
    const lines = Array.from(
      { length: 40 },
      (_, line) => `export function f${line}(a: number): string {\n  return \`é${name}\${a + ${line}}\`;\n}`,
    );
    writeFileSync(join(folder, `${name}.ts`), lines.join('\n\n'));
  }
  const imports = modules.map((name) => `import * as ${name} from './${name}.ts';`);
  const calls = modules.map((name) => `${name}.f1(1), ${name}.f39(2)`);
  writeFileSync(
    join(folder, 'main.ts'),
    `${imports.join('\n')}\nexport default { message: (): unknown[] => [${calls.join(', ')}] };`,
  );
  const { artifact } = await bundleFunction({ folder, entry: 'main.ts' });
  const [ours, nodes] = [new SourcePositions(artifact.map), new SourceMap(JSON.parse(artifact.map))];
  let found = 0;
  for (const [line, text] of artifact.code.split('\n').entries()) {
    for (let column = 0; column < text.length; column += 1) {
      const place = ours.find(line, column);
      if (place === undefined) continue;
      found += 1;
      const entry = nodes.findEntry(line, column);
      assert.ok('originalSource' in entry);
      assert.deepEqual(place, {
        source: entry.originalSource,
        line: entry.originalLine,
        column: entry.originalColumn,
      });
    }
  }
  assert.ok(found > 500, `${found} places`);
});

test('Numbers go up and down, a place without a source is none, and what is before the first of a line is nowhere', () => {
  const mappings = 'IAEIA,KADJ;;E,GCCAA';
  const positions = new SourcePositions(JSON.stringify({ version: 3, sources: ['a.ts', 'b.ts'], mappings }));
  assert.equal(positions.find(0, 3), undefined);
  assert.deepEqual(positions.find(0, 4), { source: 'a.ts', line: 2, column: 4 });
  assert.deepEqual(positions.find(0, 99), { source: 'a.ts', line: 1, column: 0 });
  for (const [line, column] of [
    [1, 0],
    [2, 2],
    [3, 0],
    [-1, 0],
    [1e9, 0],
  ] as const)
    assert.equal(positions.find(line, column), undefined, `${line}:${column}`);
  assert.deepEqual(positions.find(2, 5), { source: 'b.ts', line: 2, column: 0 });
});

test('What is no source map is an error, and one that names no file it has finds nothing', () => {
  for (const text of ['', '{}', 'null', '[]', '{"mappings":1,"sources":[]}', '{"mappings":"*","sources":[]}'])
    assert.throws(() => new SourcePositions(text), Error, text);
  for (const mappings of ['gggggggggggggg', 'AAAA\u{1f600}'])
    assert.throws(
      () => new SourcePositions(JSON.stringify({ mappings, sources: ['a'] })),
      { code: 'HS_ARTIFACT_CORRUPT' },
      mappings,
    );
  const [missing, nameless] = [
    { mappings: 'ACAA', sources: ['a'] },
    { mappings: 'AAAA', sources: [null] },
  ];
  for (const map of [missing, nameless])
    assert.equal(new SourcePositions(JSON.stringify(map)).find(0, 0), undefined);
});
