import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listTests } from './checkout.ts';
import { type Expectation, judge } from './expectations.ts';
import { formatTable, isBelowFloor, sumUp } from './report.ts';
import { type FileResult, runTest } from './run-test.ts';
import { versionOf } from './version.ts';

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

test('The table counts files, subtests, what is unexpected and what cannot be served, and has both shares', () => {
  const expectations = EXPECTED.map((each, index) =>
    index === 1 ? { ...each, cannotBeServed: true } : each,
  );
  const { files } = judge(results, expectations);
  const [head = '', row = '', below] = formatTable([sumUp('sample', 'v1', files)]).split('\n');
  assert.match(
    head,
    /^folder +tests +files +subtests +pass +fail: expected +not servable +unexpected +passed +of servable$/,
  );
  assert.match(row, /^sample +v1 +9 +15 +8 +1 +2 +4 +53\.3 % +61\.5 %$/);
  assert.equal(below, '✖ sample passes less than 90 % of the subtests that can be served');
});

test('A folder must pass nine tenths of what can be served', () => {
  const row = { ...sumUp('sample', 'v1', []), subtests: 110, unservable: 10, expected: 10, passed: 90 };
  assert.equal(isBelowFloor(row), false);
  assert.equal(isBelowFloor({ ...row, expected: 11, passed: 89 }), true);
  assert.equal(isBelowFloor({ ...row, subtests: 10, expected: 0, passed: 0 }), false);
});

test('The version of a checkout without a revision is told by its tests', () => {
  const tests = listTests(ROOT, 'sample');
  const version = versionOf(ROOT, 'sample', tests);
  assert.match(version, /^sha256:[0-9a-f]{10}$/);
  assert.equal(versionOf(ROOT, 'sample', tests), version);
  assert.notEqual(versionOf(ROOT, 'sample', tests.slice(1)), version);
});
