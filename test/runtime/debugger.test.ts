/** What a debugger hears of the function that it is attached to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, systemClock } from '../../src/core/index.ts';
import { DebuggerLink } from '../../src/runtime/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';

test('A debugger that waits for an instance of a function that goes hears that it is over, once', () => {
  const heard: (string | null)[] = [];
  const { runner } = createTestFunction(handlerOf('return "here"'));
  runner.inspect(new DebuggerLink(systemClock, (message) => heard.push(message)));
  assert.deepEqual(heard, []);
  const gone = new HairspringError('HS_DRAINING', 'Over');
  runner.dispose(gone);
  runner.dispose(gone);
  assert.deepEqual(heard, [null]);
});
