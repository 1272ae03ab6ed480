import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Clock, type FunctionDefinition, systemClock } from '../../src/core/index.ts';
import { Retries } from '../../src/host/deployments/retries.ts';
import { unknownDefinition } from '../../src/host/deployments/unknown-definition.ts';

function inNamespace(namespace: string, name = 'f'): FunctionDefinition {
  return unknownDefinition(namespace, name, new Uint8Array());
}

/** A clock whose periods end when they are told to. */
function createTicks(): { readonly clock: Clock; readonly tick: () => Promise<void> } {
  const actions = new Set<() => void>();
  const every = (_: number, action: () => void): (() => void) => {
    actions.add(action);
    return () => actions.delete(action);
  };
  return {
    clock: { ...systemClock, every },
    async tick() {
      for (const action of actions) action();
      await turn();
    },
  };
}

test('A namespace whose functions take long to try again holds up no other', async () => {
  const { clock, tick } = createTicks();
  const tried: string[] = [];
  const waiting = (): readonly FunctionDefinition[] => ['stuck', 'a', 'b'].map((name) => inNamespace(name));
  using _retries = new Retries({
    clock,
    waiting,
    async retry({ namespace }) {
      tried.push(namespace);
      if (namespace === 'stuck') await new Promise(() => undefined);
    },
  });
  await tick();
  await tick();
  assert.deepEqual(tried, ['stuck', 'a', 'b', 'a', 'b']);
});

test('Functions are tried again one at a time in their namespace, in eight namespaces at once, and none after the end', async () => {
  const { clock, tick } = createTicks();
  const open: { readonly key: string; readonly end: () => void }[] = [];
  const all = Array.from({ length: 10 }, (_, index) =>
    ['x', 'y'].map((name) => inNamespace(`n${index}`, name)),
  );
  const retries = new Retries({
    clock,
    waiting: () => all.flat(),
    retry: ({ namespace, name }) =>
      new Promise((resolve) => open.push({ key: `${namespace}.${name}`, end: resolve })),
  });
  await tick();
  await tick();
  assert.deepEqual(
    open.map(({ key }) => key),
    Array.from({ length: 8 }, (_, index) => `n${index}.x`),
  );
  for (const { end } of open.splice(0, 8)) end();
  await turn();
  assert.deepEqual(
    open.map(({ key }) => key),
    Array.from({ length: 8 }, (_, index) => `n${index}.y`),
  );
  for (const { end } of open.splice(0, 8)) end();
  await turn();
  assert.deepEqual(
    open.map(({ key }) => key),
    ['n8.x', 'n9.x'],
  );
  retries[Symbol.dispose]();
  for (const { end } of open.splice(0, 2)) end();
  await tick();
  assert.deepEqual(open, []);
});
