/** What zeroes memory between two messages (src/runtime/guest/wasm/functions/clear-memory.wat). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { toWasm } from '../support/wasm.ts';

const FOLDER = fileURLToPath(new URL('../../src/runtime/guest/wasm/functions/', import.meta.url));
const BLOCK_BYTES = 256;
const PAGE_BYTES = 65_536;

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { clear(at: number, end: number): void } };
}
const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: Engine };

const assembled = toWasm(readFileSync(`${FOLDER}clear-memory.wat`, 'utf8'));

test('The binary in the source is that of the text beside it', () => {
  const source = readFileSync(`${FOLDER}clear-memory.ts`, 'utf8');
  const [, code = ''] = /const CODE =([^;]+);/.exec(source) ?? [];
  const base64 = [...code.matchAll(/'([^']*)'/g)].map(([, part]) => part).join('');
  assert.equal(base64, Buffer.from(assembled).toString('base64'));
});

test('All of what it is given is zero afterwards, and nothing else is touched', () => {
  const memory = new engine.Memory({ initial: 2 });
  const { clear } = new engine.Instance(new engine.Module(assembled), { hairspring: { memory } }).exports;
  const bytes = Buffer.from(memory.buffer);
  const blocks = fc.nat((2 * PAGE_BYTES) / BLOCK_BYTES);
  const places = fc.array(fc.nat(2 * PAGE_BYTES - 1), { maxLength: 40 });
  fc.assert(
    fc.property(blocks, blocks, places, fc.boolean(), (one, other, dirty, isFull) => {
      bytes.fill(isFull ? 7 : 0);
      for (const at of dirty) bytes[at] = 255;
      const [from, to] = [Math.min(one, other) * BLOCK_BYTES, Math.max(one, other) * BLOCK_BYTES];
      const expected = Buffer.from(bytes).fill(0, from, to);
      clear(from, to);
      assert.ok(bytes.equals(expected));
    }),
  );
});
