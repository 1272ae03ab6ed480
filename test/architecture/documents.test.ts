import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { CELL_TRANSITIONS, ERROR_CODES, NODE_TRANSITIONS } from '../../src/core/index.ts';
import { LAYERS, SCHEMA_DOORS } from './support/layer-rules.ts';
import { plain, relativeLinks, tableRows, tableUnder } from './support/markdown.ts';
import { ROOT, readTree } from './support/tree.ts';

interface PackageFile {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('docs/errors.md lists exactly the codes of ERROR_CODES, with the same status, fault and retryable', () => {
  const rows = tableRows(read('docs/errors.md')).filter(([code = '']) => code.startsWith('`HS_'));
  const documented = rows.map(([code = '', status, fault, retryable, summary, remedy]) => [
    plain(code),
    { status: Number(status), fault, retryable: retryable === 'yes', summary, remedy },
  ]);
  assert.deepEqual(Object.fromEntries(documented), ERROR_CODES);
  assert.equal(documented.length, Object.keys(ERROR_CODES).length);
});

test('docs/dependencies.md has one line for each dependency and none for anything else', () => {
  const packages = readTree((path) => /^(?:examples\/[^/]+\/|bench\/[^/]+\/)?package\.json$/.test(path)).map(
    (file) => JSON.parse(file.text) as PackageFile,
  );
  const declared = packages.flatMap((file) => [
    ...Object.keys(file.dependencies ?? {}),
    ...Object.keys(file.devDependencies ?? {}),
    ...Object.keys(file.optionalDependencies ?? {}),
  ]);
  const documented = tableRows(read('docs/dependencies.md')).map(([name = '']) => plain(name));
  assert.deepEqual(documented.toSorted(), [...new Set(declared)].sort());
});

test('docs/dependencies.md gives the licence that each installed dependency states', () => {
  const wrong = tableRows(read('docs/dependencies.md')).flatMap(([name = '', licence]) => {
    const path = `node_modules/${plain(name)}/package.json`;
    if (!existsSync(join(ROOT, path))) return [];
    const stated = (JSON.parse(read(path)) as PackageFile).license;
    return stated === licence ? [] : [`${plain(name)}: ${licence}, states ${stated}`];
  });
  assert.deepEqual(wrong, []);
});

for (const [heading, transitions] of [
  ['Node states', NODE_TRANSITIONS],
  ['Cell states', CELL_TRANSITIONS],
] as const) {
  test(`The table "${heading}" of docs/architecture.md is the one of the code`, () => {
    const documented = tableUnder(read('docs/architecture.md'), heading).map(([state = '', , next = '']) => [
      plain(state),
      next === '—' ? [] : plain(next).split(', '),
    ]);
    assert.deepEqual(Object.fromEntries(documented), transitions);
  });
}

test('The table "Folders" of docs/architecture.md is the matrix that the layer test enforces', () => {
  const documented = tableUnder(read('docs/architecture.md'), 'Folders').map(
    ([folder = '', , imports = '']) => [
      plain(folder).replace(/\/$/, ''),
      imports === '—' ? [] : plain(imports).split(', '),
    ],
  );
  const enforced = Object.entries(LAYERS).map(([folder, imports]) => [
    folder,
    [...imports, ...(SCHEMA_DOORS[folder] ?? []).map((path) => path.replace(/^src\//, ''))],
  ]);
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(enforced));
});

test('Every relative link in a document leads to a file', () => {
  const documents = readTree((path) => path.endsWith('.md'));
  const links = documents.flatMap((file) => relativeLinks(file.text).map((target) => ({ file, target })));
  assert.ok(documents.length >= 10, `${documents.length} documents seen`);
  assert.ok(links.length >= 10, `${links.length} links seen`);
  const broken = links
    .filter(({ file, target }) => target !== '' && !existsSync(join(ROOT, dirname(file.path), target)))
    .map(({ file, target }) => `${file.path} → ${target}`);
  assert.deepEqual(broken, []);
});
