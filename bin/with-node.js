#!/usr/bin/env node
// node bin/with-node.js SCRIPT [ARGUMENT…]: runs SCRIPT under Node 26, whichever Node this is.
import { runUnder } from './run-under.js';
import { findRuntime, reportFailure } from './runtime.js';

try {
  if (process.argv.length < 3) {
    throw Object.assign(new Error('No script is named'), {
      code: 'HS_USAGE',
      hint: 'node bin/with-node.js SCRIPT [ARGUMENT…]',
    });
  }
  runUnder(findRuntime(), process.argv.slice(2));
} catch (error) {
  reportFailure(error);
}
