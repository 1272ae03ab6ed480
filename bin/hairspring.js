#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runUnder } from './run-under.js';
import { findRuntime, isRightNode, reportFailure } from './runtime.js';

try {
  // In process where that is possible: a second Node costs 60 ms.
  if (isRightNode()) await import('./start.js');
  else
    runUnder(findRuntime(), [fileURLToPath(new URL('start.js', import.meta.url)), ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
}
