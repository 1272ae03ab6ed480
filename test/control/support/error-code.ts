import assert from 'node:assert/strict';
import { HairspringError } from '../../../src/core/index.ts';

/** For `assert.rejects`: an error of ours with this code, and a message like this. */
export function code(expected: string, message: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(HairspringError.is(error), String(error));
    assert.equal(error.code, expected);
    assert.match(error.message, message);
    return true;
  };
}
