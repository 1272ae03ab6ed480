import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseResults, ResultsFileError, readResults, renderResults } from '../../bench/results-file.ts';
import { makeMetric, makeRow } from '../../src/measure/index.ts';
import { madeUpResults } from './support/made-up-results.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairspring-results-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function refusal(name: string, text: string | undefined): string {
  const file = join(folder, name);
  if (text !== undefined) writeFileSync(file, text);
  let message = '';
  assert.throws(
    () => readResults(file),
    (error) => {
      message = error instanceof ResultsFileError ? error.message : `not ours: ${error}`;
      return true;
    },
  );
  assert.ok(message.includes(file), message);
  return message;
}

test('Results survive being written and read, each row on a line of its own', () => {
  const results = madeUpResults();
  const text = renderResults(results);
  const read = parseResults(text, 'results.json');
  assert.deepEqual(
    read.rows.map(({ id }) => id),
    results.rows.map(({ id }) => id),
  );
  assert.equal(text.split('\n').filter((line) => line.includes('"id":')).length, results.rows.length);
  assert.deepEqual(renderResults(read), text);
});

test('A figure that could not be taken is left out of the file, and its row stays', () => {
  const row = makeRow({
    ...{ group: 'load', subject: 'echo', title: 'echo', params: {}, n: 1 },
    metrics: [
      makeMetric('p50Ms', 'ms', 'lower', [1.23456789]),
      makeMetric('cpuUs', 'µs', 'lower', [Number.NaN]),
    ],
  });
  const [read] = parseResults(renderResults({ ...madeUpResults(), rows: [row] }), 'results.json').rows;
  assert.deepEqual(
    read?.metrics.map(({ name, value }) => [name, value]),
    [['p50Ms', 1.2346]],
  );
});

test('A file of results that is missing, broken, of another format or damaged is refused by name', () => {
  assert.match(refusal('missing.json', undefined), /there is no such file; `npm run bench` writes one/);
  assert.match(refusal('broken.json', '{"format": 2,'), /this is not JSON/);
  assert.match(refusal('old.json', '{"format": 1, "windows": []}'), /its format is 1, and this bench reads/);
  assert.match(refusal('other.json', '[]'), /its format is not stated/);
  const damaged = { ...madeUpResults(), rows: [{ id: 'load/echo', group: 'load' }] };
  assert.match(refusal('damaged.json', JSON.stringify(damaged)), /rows\.0\.subject/);
});
