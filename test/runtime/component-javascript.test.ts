/** What componentize-js makes of JavaScript: its package is 41 MB and its components 12 MB, so neither is here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createTestFunction } from '../support/functions.ts';
import { compileBytes } from '../support/wasm.ts';

const TOOL = '@bytecodealliance/componentize-js';
const WIT = readFileSync(new URL('../../wit/function.wit', import.meta.url), 'utf8');
const SOURCE = `export function handleMessage({ subject, data, params }) {
  const text = new TextDecoder().decode(data);
  if (text === 'throw') throw 'as you wish';
  console.error('said', text);
  return { data: new TextEncoder().encode(params[0].value + text), headers: [{ name: 'X-From', value: subject }] };
}`;
const MEMORY_BYTES = 64 * 1024 ** 2;

interface Componentize {
  componentize(
    source: string,
    options: {
      readonly witWorld: string;
      readonly worldName: string;
      readonly disableFeatures: readonly string[];
    },
  ): Promise<{ readonly component: Uint8Array }>;
}

async function findTool(): Promise<Componentize | undefined> {
  try {
    return (await import(import.meta.resolve(TOOL))) as Componentize;
  } catch {
    return undefined;
  }
}

const tool = await findTool();
const skip = tool === undefined ? `install it to run this: npm install --no-save ${TOOL}@0.23.0` : false;

test('A component that componentize-js makes of JavaScript runs', { skip }, async () => {
  assert.ok(tool !== undefined);
  for (const disableFeatures of [
    ['http', 'fetch-event', 'stdio', 'clocks', 'random'],
    ['http', 'fetch-event'],
  ]) {
    const { component } = await tool.componentize(SOURCE, {
      witWorld: WIT,
      worldName: 'function',
      disableFeatures,
    });
    using probe = createTestFunction(compileBytes(component, { memoryBytes: MEMORY_BYTES }), {
      limits: { memoryBytes: MEMORY_BYTES, cpuMs: 1_000 },
    });
    const reply = await probe.call({ subject: 'probe.k', data: 'text' });
    assert.ok(reply.ok, reply.ok ? '' : reply.error.message);
    assert.equal(reply.text, 'ktext');
    assert.deepEqual(reply.outcome.headers, ['X-From', 'probe.k']);
    if (!disableFeatures.includes('stdio'))
      assert.deepEqual(
        probe.logs.map(({ text }) => text),
        ['said text'],
      );
    const thrown = await probe.call({ data: 'throw' });
    assert.ok(!thrown.ok);
    assert.equal(thrown.error.code, 'HS_FUNCTION_THREW');
    assert.match(thrown.error.message, /as you wish/);
  }
});
