/** What waits when a version is replaced, and which of the two runs it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, type HostCallResult } from '../../src/core/index.ts';
import { FunctionRunner } from '../../src/runtime/index.ts';
import { createTestFunction, handlerOf, type TestFunction } from '../support/functions.ts';
import { createSpec, type SpecOptions } from '../support/spec.ts';
import { until } from '../support/turns.ts';

/** Says which version ran it and with which captures; holds "held" until it is let go. */
const CODE = `if (msg.params.a === 'held') await env.HOST.keys();
  return version + ' ' + JSON.stringify(msg.params);`;

interface Replaced extends Disposable {
  readonly old: TestFunction;
  replaceBy(options: SpecOptions): FunctionRunner;
  release(): void;
}

/** A function with room for one at a time, which is taken by a call that is held. */
async function replaced(triggers: readonly string[]): Promise<Replaced> {
  const held: (() => void)[] = [];
  const old = createTestFunction(handlerOf(CODE, 'const version = "old";'), {
    triggers,
    limits: { concurrency: 1, queue: 100 },
    host: () => new Promise<HostCallResult>((resolve) => held.push(() => resolve({ value: null }))),
  });
  const begun = old.text({ subject: 'one.held', triggerIndex: 0 });
  await until(() => held.length === 1);
  const over = new HairspringError('HS_DRAINING', 'The test is over');
  const successors: FunctionRunner[] = [];
  return {
    old,
    replaceBy(options) {
      const successor = new FunctionRunner(createSpec(options), new Map(), {
        ...old.dependencies,
        readCode: () => handlerOf(CODE, 'const version = "new";'),
      });
      successors.push(successor);
      old.runner.replaceWith(successor);
      return successor;
    },
    release() {
      for (const go of held) go();
      begun.catch(() => undefined);
    },
    [Symbol.dispose]() {
      for (const successor of successors) successor.dispose(over);
      old[Symbol.dispose]();
    },
  };
}

test('What waits is run by the new version with the captures of its own trigger, wherever that stands now', async () => {
  using world = await replaced(['one.{a}', 'two.{b}']);
  const calls = [
    world.old.text({ subject: 'one.x', triggerIndex: 0 }),
    world.old.text({ subject: 'two.y', triggerIndex: 1 }),
  ];
  world.replaceBy({ triggers: ['zero.{z}', 'two.{second}', 'one.{first}'] });
  assert.deepEqual(await Promise.all(calls), ['new {"first":"x"}', 'new {"second":"y"}']);
  world.release();
});

test('What waits and was sent to a trigger that is gone is run by the version that has accepted it', async () => {
  using world = await replaced(['one.{a}', 'two.{b}']);
  const gone = world.old.text({ subject: 'one.x', triggerIndex: 0 });
  const kept = world.old.text({ subject: 'two.y', triggerIndex: 1 });
  world.replaceBy({ triggers: ['two.{b}', 'one.>'] });
  assert.equal(await kept, 'new {"b":"y"}');
  let idle = false;
  const idling = world.old.runner.idle().then(() => {
    idle = true;
  });
  assert.equal(idle, false);
  world.release();
  assert.equal(await gone, 'old {"a":"x"}');
  await idling;
});

test('What came by the name of the function goes to the new version', async () => {
  using world = await replaced(['one.{a}']);
  const named = world.old.text({ subject: 'probe', triggerIndex: -1 });
  world.replaceBy({ triggers: ['other.{b}'] });
  assert.equal(await named, 'new {}');
  world.release();
});

test('What the new version has no room for is run by the version that has accepted it', async () => {
  using world = await replaced(['one.{a}']);
  const calls = Array.from({ length: 6 }, (_, index) => world.old.text({ subject: `one.${index}` }));
  calls.push(world.old.text({ subject: 'one.large', data: 'x'.repeat(2_000) }));
  world.replaceBy({ triggers: ['one.{a}'], limits: { concurrency: 1, queue: 2, payloadBytes: 1_000 } });
  world.release();
  const texts = await Promise.all(calls);
  assert.deepEqual(
    texts.map((text) => text.slice(0, 3)),
    ['new', 'new', 'new', 'old', 'old', 'old', 'old'],
  );
  assert.equal(world.old.runner.inFlight, 0);
});

test('What was given back by an instance goes over as what never was in one', async () => {
  const gives = `if (msg.params.a === 'first') { const until = Date.now() + 8; while (Date.now() < until); }
    return version + ' ' + JSON.stringify(msg.params);`;
  using old = createTestFunction(handlerOf(gives, 'const version = "old";'), {
    triggers: ['one.{a}', 'two.{b}'],
  });
  await old.text({ subject: 'one.warm' });
  const first = old.text({ subject: 'one.first' });
  const rest = Array.from({ length: 50 }, (_, index) =>
    old.text({ subject: `two.${index}`, triggerIndex: 1 }),
  );
  await first;
  using stack = new DisposableStack();
  const successor = stack.adopt(
    new FunctionRunner(createSpec({ triggers: ['two.{c}', 'one.{a}'] }), new Map(), {
      ...old.dependencies,
      readCode: () => handlerOf(gives, 'const version = "new";'),
    }),
    (one) => one.dispose(new HairspringError('HS_DRAINING', 'The test is over')),
  );
  old.runner.replaceWith(successor);
  for (const [index, text] of (await Promise.all(rest)).entries())
    assert.ok(text === `old {"b":"${index}"}` || text === `new {"c":"${index}"}`, text);
  const begun = old.entries.flat();
  assert.deepEqual(begun, [...new Set(begun)], 'each is on record as begun once');
});
