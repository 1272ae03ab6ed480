/** A choice of the hostile functions at a gentle rate; `npm run hazards` runs all of them at full rate. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isErrorCode } from '../../src/core/index.ts';
import { BUSY_BARS as BARS } from './support/bars.ts';
import { HAZARD_CLASSES, parseHazard, readHazards } from './support/hazard.ts';
import { startHazardHost } from './support/hazard-host.ts';
import { runHazard } from './support/run-hazard.ts';

const MIB = 1024 ** 2;
/** One or two of each class that no other test runs in a whole node. */
const CHOSEN = [
  'abort-match',
  'bridge-door-bytes',
  'bridge-forged-records',
  'bridge-module-operation',
  'bridge-more-extras',
  'builtin-string-keys',
  'coercion-fetch',
  'coercion-forged-bytes',
  'escape-graph-walk',
  'flood-headers',
  'flood-log-objects',
  'flood-logs',
  'flood-objects',
  'flood-zombie-calls',
  'leak-host-calls',
  'memory-module-waiting',
  'memory-string-length',
  'promise-stolen-resolver',
  'prototype-before-load',
  'result-error-getters',
];

const hazards = readHazards();

test('There are at least 60 hazards, of every class, and each says what it tries and what must come of it', () => {
  assert.ok(hazards.length >= 60, `${hazards.length} hazards`);
  for (const { name, hazardClass, tries, expects, calls, limits } of hazards) {
    assert.ok(HAZARD_CLASSES.includes(hazardClass), `${name} is of class "${hazardClass}"`);
    assert.ok(name.startsWith(`${hazardClass}-`), `${name} does not begin with its class`);
    assert.match(tries, /^to [a-z]/, name);
    for (const outcome of expects) assert.ok(outcome === 'ok' || isErrorCode(outcome), `${name}: ${outcome}`);
    assert.ok(Number.isInteger(calls) && calls >= 1 && calls <= 1_000, name);
    for (const key of Object.keys(limits)) assert.match(key, /^(?:cpu|memory|timeout)$/, name);
  }
  const classes = new Set(hazards.map(({ hazardClass }) => hazardClass));
  assert.deepEqual(
    HAZARD_CLASSES.filter((one) => !classes.has(one)),
    [],
  );
});

test('A hazard whose header does not say what is expected is no hazard', () => {
  const header = '// class: cpu\n// tries: to x\n// expects: ok\n// kills: no\n';
  assert.equal(parseHazard('cpu-x', header).tries, 'to x');
  for (const line of header.trimEnd().split('\n'))
    assert.throws(() => parseHazard('cpu-x', header.replace(`${line}\n`, '')), /^Error: cpu-x: its header/);
  assert.throws(() => parseHazard('cpu-x', header.replace('kills: no', 'kills: often')), /"no" or "may"/);
});

test('What hazards import is in their code', () => {
  for (const { name, code } of hazards) assert.doesNotMatch(code.toString(), /^import /m, name);
});

const world = await startHazardHost(512 * MIB, 1_000);
after(() => world[Symbol.asyncDispose]());

for (const name of CHOSEN) {
  test(`The node and a neighbour survive ${name}`, async () => {
    const hazard = hazards.find((one) => one.name === name);
    assert.ok(hazard !== undefined, 'there is no such hazard');
    const { problems, neighbour, heardMs } = await runHazard(world, hazard, BARS);
    assert.deepEqual(problems, []);
    // Some are refused when they are deployed.
    if (heardMs > 0) assert.ok(neighbour.calls > 0, 'the neighbour was not called');
  });
}

test('A hazard that answers with what it should not have is found out', async () => {
  const code = `// class: escape\n// tries: to escape\n// expects: ok\n// kills: no\n
    export default { message: () => 'it found process' };`;
  const { problems } = await runHazard(world, parseHazard('escape-found', code), BARS);
  assert.deepEqual(problems, ['its caller heard ok with it found process']);
});

test('A hazard that answers with nothing is found out', async () => {
  const code = `// class: escape\n// tries: to escape\n// expects: ok\n// kills: no\n
    export default { message: () => undefined };`;
  const { problems } = await runHazard(world, parseHazard('escape-silent', code), BARS);
  assert.deepEqual(problems, ['its caller heard ok with nothing']);
});

test('The hazard of answers between calls finds out one that is of another call', async () => {
  const { code } = hazards.find(({ name }) => name === 'leak-host-calls') ?? { code: '' };
  const crossed = String(code).replace('env.KV.get(key)', "env.KV.get('of-0')");
  assert.notEqual(crossed, code);
  const { problems } = await runHazard(world, parseHazard('leak-host-calls', crossed), BARS);
  assert.match(problems.join(), /an answer of another call/);
});
