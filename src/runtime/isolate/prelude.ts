import { readFileSync } from 'node:fs';

/** The guest scripts of the runtime, in the order in which they are joined. */
const RUNTIME_SCRIPTS = [
  'codec.js',
  'slots.js',
  'outbox.js',
  'web.js',
  'message.js',
  'dispatcher.js',
] as const;

/**
 * The prelude of every isolate: one function expression that takes the host's callback and the shared
 * marks, sets up the globals and returns the door (`enter`) through which the host comes in.
 */
export function buildPrelude(serviceScripts: readonly string[]): string {
  const runtime = RUNTIME_SCRIPTS.map((name) =>
    readFileSync(new URL(`../guest/${name}`, import.meta.url), 'utf8'),
  );
  return `(function (send, marks) {\n'use strict';\n${[...runtime, ...serviceScripts].join('\n')}\nreturn enter;\n})`;
}
