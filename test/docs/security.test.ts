/** docs/security.md and the tests that it names belong together. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plain, tableUnder } from '../architecture/support/markdown.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOLES = 'test/e2e/namespace-holes.test.ts';
const WALLS = 'test/e2e/namespace-walls.test.ts';
/** Whose tests are made by a loop over the services. */
const MATRIX = 'test/hostservices/grant-matrix.test.ts';
const LOOPED = /\$\{name\}/;

const document = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

function testsNamedUnder(heading: string): readonly string[] {
  return tableUnder(document, heading).map((cells) => plain(cells.at(-1) ?? ''));
}

function testsIn(file: string): readonly string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const names = [...text.matchAll(/^\s*test\(\s*(['"`])(.*?)\1,/gms)].map(([, , name = '']) => name);
  if (file !== MATRIX) return names;
  const services = ['kv', 'objectstore', 'messaging'];
  return names.flatMap((name) =>
    LOOPED.test(name) ? services.map((service) => name.replace(LOOPED, service)) : [name],
  );
}

test('The known holes that docs/security.md lists are those that tests show, each once', () => {
  const shown = testsIn(HOLES);
  assert.ok(shown.length >= 12, `${shown.length} tests found`);
  assert.deepEqual(testsNamedUnder('Known holes inside a namespace').toSorted(), shown.toSorted());
});

test('Each wall that docs/security.md lists has its test, and each test of walls is listed', () => {
  const listed = testsNamedUnder('Walls');
  const known = new Set(globSync('test/**/*.test.ts', { cwd: ROOT }).flatMap(testsIn));
  assert.deepEqual(
    listed.filter((name) => !known.has(name)),
    [],
  );
  assert.deepEqual(
    testsIn(WALLS).filter((name) => !listed.includes(name)),
    [],
  );
});
