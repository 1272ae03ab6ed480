import assert from 'node:assert/strict';
import { HairspringError } from '../../../src/core/index.ts';
import { parseNexfile } from '../../../src/host/manifest/index.ts';

/** The first four lines of a Nexfile, as far as its start request. */
export const HEAD = 'name: a\ntype: javascript\nlifecycle: function\nstart_request:\n';

export function failure(text: string): HairspringError {
  try {
    parseNexfile(text, 'Nexfile');
  } catch (error) {
    assert.ok(HairspringError.is(error), `not a HairspringError: ${String(error)}`);
    return error;
  }
  return assert.fail('the Nexfile was accepted');
}

/** The error of a start request, written as YAML from line 6 on. */
export function failureOf(lines: string): HairspringError {
  return failure(`${HEAD}  main: a.js\n${lines}`);
}
