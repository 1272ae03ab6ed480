import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listTests } from './checkout.ts';
import { type Expectation, judge } from './expectations.ts';
import { formatTable, sumUp } from './report.ts';
import { type FileResult, runTest } from './run-test.ts';

const ROOT = fileURLToPath(new URL('fixtures/checkout', import.meta.url));

const results: FileResult[] = [];
for (const file of listTests(ROOT, 'sample')) {
  const isHanging = file.path.includes('hangs');
  results.push(...(await runTest(ROOT, file, isHanging ? 200 : undefined)));
}

/** The statuses of a file's subtests, in their order, behind that of the file. */
function statusesOf(file: string): readonly string[] {
  const found = results.filter((result) => result.file === `sample/${file}`);
  assert.equal(found.length, 1, `${file} ran ${found.length} times`);
  return found.flatMap(({ status, subtests }) => [status, ...subtests.map((subtest) => subtest.status)]);
}

test('The runner tells what passes from what fails, in isolates that share nothing', () => {
  assert.deepEqual(statusesOf('pass-and-fail.any.js'), ['OK', 'PASS', 'FAIL', 'PASS', 'PASS']);
  assert.deepEqual(statusesOf('globals.any.js'), ['OK', 'PASS']);
});

test('A test may fetch files of the checkout and no others', () => {
  assert.deepEqual(statusesOf('fetches.any.js'), ['OK', 'PASS', 'FAIL']);
});

test('A test has the scripts that it names, and runs once for each of its variants', () => {
  assert.deepEqual(statusesOf('variants.any.js?one'), ['OK', 'FAIL']);
  assert.deepEqual(statusesOf('variants.any.js?two'), ['OK', 'PASS']);
  assert.deepEqual(statusesOf('scope.worker.js'), ['OK', 'PASS']);
});

test('A test that hangs is timed out, and one that throws at once is a failure of its file', () => {
  assert.deepEqual(statusesOf('hangs.any.js'), ['TIMEOUT', 'TIMEOUT']);
  assert.deepEqual(statusesOf('throws.any.js'), ['CRASH']);
});

test('A file whose tests are called done before all of it was evaluated is a failure', () => {
  assert.deepEqual(statusesOf('ends-early.any.js'), ['ERROR', 'PASS']);
});

test('A test for windows alone is left out', () => {
  assert.equal(results.filter(({ file }) => file.includes('window')).length, 0);
});

const EXPECTED: readonly Expectation[] = [
  { file: 'sample/pass-and-fail.any.js', subtests: ['adds *'], reason: 'it is wrong' },
  { file: 'sample/hangs.any.js', reason: 'it hangs' },
];

function unexpectedOf(expectations: readonly Expectation[]): readonly string[] {
  return judge(results, expectations)
    .files.flatMap(({ file, unexpected }) => unexpected.map(({ name }) => `${file}: ${name}`))
    .sort();
}

test('What fails is unexpected unless it is listed', () => {
  const rest = [
    'sample/ends-early.any.js: (the file)',
    'sample/fetches.any.js: reads no file beside the checkout',
    'sample/throws.any.js: (the file)',
    'sample/variants.any.js?one: is the second one',
  ];
  assert.deepEqual(unexpectedOf(EXPECTED), rest);
  assert.deepEqual(
    unexpectedOf([]),
    [
      ...rest,
      'sample/hangs.any.js: (the file)',
      'sample/hangs.any.js: never ends',
      'sample/pass-and-fail.any.js: adds wrongly',
    ].sort(),
  );
});

test('An expectation that nothing fails any more is reported', () => {
  const stale = [
    {
      file: 'sample/pass-and-fail.any.js',
      subtests: ['adds', 'adds wrongly'],
      reason: 'half of it is mended',
    },
    { file: 'sample/globals.any.js', reason: 'it passes now' },
  ];
  assert.deepEqual(judge(results, stale).stale, [
    'sample/globals.any.js | *',
    'sample/pass-and-fail.any.js | adds',
  ]);
});

test('An expectation says nothing of a checkout without its subtest, or, where it is of older tests, with newer ones', () => {
  const file = 'sample/pass-and-fail.any.js';
  const quiet = [
    { file, subtests: ['is of another checkout'], reason: 'it fails there' },
    { file, subtests: ['adds'], isOfOlderTests: true, reason: 'the standard has changed' },
  ];
  assert.deepEqual(judge(results, quiet).stale, []);
});

test('The table counts files, subtests and what is unexpected', () => {
  const { files } = judge(results, EXPECTED);
  const [head = '', row = ''] = formatTable([sumUp('sample', files)]).split('\n');
  assert.match(head, /^folder +files +subtests +pass +fail: expected +unexpected +passed$/);
  assert.match(row, /^sample +9 +15 +8 +3 +4 +53\.3 %$/);
});
