import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairTurns } from '../../src/host/cells/fair-turns.ts';
import { turns } from '../support/turns.ts';

test('Namespaces take turns however much one of them has asked for, and each has its own in order', async () => {
  const fair = new FairTurns();
  const ran: string[] = [];
  const ask = (namespace: string, count: number): Promise<void>[] =>
    Array.from({ length: count }, (_, at) =>
      fair.run(namespace, async () => {
        ran.push(`${namespace}${at}`);
        await turns(1);
      }),
    );
  await Promise.all([...ask('a', 5), ...ask('b', 2), ...ask('c', 1)]);
  assert.deepEqual(ran, ['a0', 'b0', 'a1', 'c0', 'b1', 'a2', 'a3', 'a4']);
});

test('One action runs at a time, also after one that has failed, and what comes then does not wait', async () => {
  const fair = new FairTurns();
  let running = 0;
  const action = async (): Promise<void> => {
    running += 1;
    assert.equal(running, 1);
    await turns(1);
    running -= 1;
    throw new Error('failed');
  };
  for (let round = 0; round < 2; round += 1) {
    const ended = await Promise.allSettled(['a', 'a', 'b'].map((namespace) => fair.run(namespace, action)));
    assert.deepEqual(
      ended.map((one) => one.status === 'rejected' && one.reason.message),
      ['failed', 'failed', 'failed'],
    );
  }
});
