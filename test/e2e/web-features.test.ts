/** Parts of the web platform come to an isolate late, when the cell reads no file any more. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';

const world = await startTestHost({ spareCells: 1 });
after(() => world[Symbol.asyncDispose]());
const { ask, deploy } = world;

/** One name of each feature, so that all of them are made. */
const NAMES = [
  ...[
    'ReadableStream',
    'console',
    'TextEncoder',
    'URL',
    'URLPattern',
    'atob',
    'performance',
    'structuredClone',
  ],
  ...['TextDecoderStream', 'Blob', 'Response', 'crypto', 'CompressionStream', 'FileReader'],
];

test('A function in a cell has all of the web platform', async () => {
  const code = handler(`
    const missing = ${JSON.stringify(NAMES)}.filter((name) => globalThis[name] === undefined);
    return [...missing, new TextDecoder('windows-1252').decode(new Uint8Array([0x80]))].join();`);
  await deploy({ name: 'late', code });
  assert.equal((await ask('late')).text, '€');
});
