import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkArchitecture } from './support/architecture.ts';
import { LAYERS, SCHEMA_DOORS } from './support/layer-rules.ts';
import { CLOCK_EXCEPTIONS } from './support/place-rules.ts';
import { isSource, readTree } from './support/tree.ts';
import { describeViolations } from './support/violation.ts';

const files = readTree(isSource);
const report = checkArchitecture(files);

test('The layers hold over the whole tree', () => {
  assert.equal(describeViolations(report.violations), '');
});

test('The check sees the tree and not an empty list', () => {
  const sources = files.filter((file) => file.path.startsWith('src/'));
  const relative = report.imports.filter((site) => site.target !== undefined);
  assert.ok(sources.length >= 80, `${sources.length} files of src seen`);
  assert.ok(relative.length >= 150, `${relative.length} relative imports seen`);
  for (const folder of Object.keys(LAYERS)) {
    assert.ok(
      sources.some((file) => file.path.startsWith(`src/${folder}/`)),
      `src/${folder} has no file`,
    );
  }
});

test('Every folder of src has its row in the matrix', () => {
  const folders = new Set(
    files.filter((file) => file.path.startsWith('src/')).map((file) => file.path.split('/')[1] ?? ''),
  );
  assert.deepEqual(
    [...folders].filter((folder) => !Object.hasOwn(LAYERS, folder)),
    [],
  );
});

test('Every exception to a rule names a file that exists', () => {
  const paths = new Set(files.map((file) => file.path));
  const excepted = [...Object.values(SCHEMA_DOORS).flat(), ...Object.keys(CLOCK_EXCEPTIONS)];
  assert.deepEqual(
    excepted.filter((path) => !paths.has(path)),
    [],
  );
});
