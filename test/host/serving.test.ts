import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, silentLogger } from '../../src/core/index.ts';
import { KnownFunctions } from '../../src/host/deployments/known-functions.ts';
import { Serving, type ServingOptions } from '../../src/host/deployments/serving.ts';
import { createDefinition } from '../support/spec.ts';

const missing = (): never => {
  throw new HairspringError('HS_SECRET_MISSING', 'It is not set');
};
const unknown = (): Promise<never> =>
  Promise.reject(new HairspringError('HS_NAMESPACE_UNKNOWN', 'There is no account for it'));

test('The artifact of a function that waits for something else is not read each time that it is tried', async () => {
  let reads = 0;
  const given = {
    cache: {
      async ensure() {
        reads += 1;
      },
    },
    secrets: { checkSet: () => undefined, sealedFor: () => [] },
    accounts: { open: () => Promise.resolve() },
    cells: { restore: () => Promise.resolve(true), sentenceOf: () => undefined },
    functions: new KnownFunctions(),
    logger: silentLogger,
  };
  const stored = { definition: createDefinition(), revision: 1 };
  const { id } = stored.definition;
  for (const [what, reason] of [
    [{ secrets: { checkSet: missing } }, 'It is not set'],
    [{ accounts: { open: unknown } }, 'There is no account for it'],
  ] as const) {
    const serving = new Serving({ ...given, ...what } as unknown as ServingOptions);
    for (let tries = 0; tries < 2; tries += 1) await serving.takeOn(stored);
    assert.equal(given.functions.waitingFor(id), reason);
    assert.equal(reads, 0, reason);
  }
  await new Serving(given as unknown as ServingOptions).takeOn(stored);
  assert.equal(reads, 1);
  assert.equal(given.functions.waitingFor(id), undefined);
});
